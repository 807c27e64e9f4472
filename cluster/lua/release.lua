-- Ends a member's lease.
-- KEYS  members, the member's record
-- ARGV  its id, the channel
redis.call('DEL', KEYS[2])
if redis.call('ZREM', KEYS[1], ARGV[1]) == 1 then
  redis.call('PUBLISH', ARGV[2], 'changed')
end
return 1
