-- Records the consent to be matched.
-- KEYS  session
-- ARGV  session id, 1 or 0
-- Returns 1, or 0 when the session is not live.
local held = redis.call('HMGET', KEYS[1], 'session_id', 'expires_at')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if held[1] ~= ARGV[1] or now >= (tonumber(held[2]) or 0) then
  return 0
end
redis.call('HSET', KEYS[1], 'open', ARGV[2])
return 1
