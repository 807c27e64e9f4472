-- Makes a pair never meet again, as one of its two sessions wants, and takes its nudge out of that one's outbox.
-- KEYS  session
-- ARGV  session id, match field, block field, nudge field, reveal field
-- Returns 1, or 0 when the session is not live or was not in that match.
local held = redis.call('HMGET', KEYS[1], 'session_id', 'expires_at', ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if held[1] ~= ARGV[1] or now >= (tonumber(held[2]) or 0) or not held[3] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[3], '1')
local gone = redis.call('HDEL', KEYS[1], ARGV[4], ARGV[5])
if gone > 0 then
  redis.call('HINCRBY', KEYS[1], 'pending', -gone)
end
return 1
