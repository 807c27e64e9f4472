-- Makes another token what a session is heard by, and keeps the present one good for a while.
-- KEYS  session, the session key of the other token
-- ARGV  session id, token, the other token, for how many ms, prefix of session keys
-- Returns {1, the former token, until when} when it is heard by it, by this call or an earlier try; {0} when the session
-- is not live; {2} when the other token is.
local held = redis.call('HMGET', KEYS[1], 'session_id', 'expires_at', 'token', 'former', 'former_until')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if held[1] ~= ARGV[1] or now >= (tonumber(held[2]) or 0) then
  return {0}
end
local present = held[3] or ARGV[2]
if present == ARGV[3] then
  return {1, held[4] or '', held[5] or '0'}
end
local other = redis.call('HGET', KEYS[2], 'expires_at')
if other and now < (tonumber(other) or 0) then
  return {2}
end
if held[4] and held[4] ~= ARGV[2] and redis.call('HGET', ARGV[5] .. held[4], 'of') == ARGV[2] then
  redis.call('DEL', ARGV[5] .. held[4])
end
local till = string.format('%.0f', math.min(now + tonumber(ARGV[4]), tonumber(held[2])))
redis.call('HSET', KEYS[1], 'token', ARGV[3], 'former', present, 'former_until', till)
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'of', ARGV[2], 'session_id', ARGV[1], 'expires_at', held[2])
redis.call('PEXPIREAT', KEYS[2], tonumber(held[2]) - 1)
if present ~= ARGV[2] then
  redis.call('HSET', ARGV[5] .. present, 'expires_at', till)
  redis.call('PEXPIREAT', ARGV[5] .. present, tonumber(till) - 1)
end
return {1, present, till}
