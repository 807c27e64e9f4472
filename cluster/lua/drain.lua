-- Asks a member to drain.
-- KEYS  members, what tells it so
-- ARGV  its id, for how many ms, the channel
-- Returns 1, or 0 when there is no such member.
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
redis.call('PUBLISH', ARGV[3], 'changed')
return 1
