-- Takes nudges out of an outbox.
-- KEYS  session
-- ARGV  session id, then the nudge fields and reveal fields
if redis.call('HGET', KEYS[1], 'session_id') ~= ARGV[1] then
  return 0
end
local gone = redis.call('HDEL', KEYS[1], unpack(ARGV, 2))
if gone > 0 then
  redis.call('HINCRBY', KEYS[1], 'pending', -gone)
end
return gone
