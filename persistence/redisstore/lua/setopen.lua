-- Records the consent to be matched. Withdrawing it takes the nudges about the session out of the outboxes of others.
-- KEYS  session, then the sessions that have such nudges
-- ARGV  session id; 1 or 0; how many matches are known; then the session id, the nudge field and the reveal
--       field of each of the others
-- Returns 1; 0 when the session is not live; 2 when it has more matches by now, and nothing was changed.
local held = redis.call('HMGET', KEYS[1], 'session_id', 'expires_at')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if held[1] ~= ARGV[1] or now >= (tonumber(held[2]) or 0) then
  return 0
end
if ARGV[2] == '0' then
  local matches = 0
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    if string.sub(field, 1, 2) == 'm:' then
      matches = matches + 1
    end
  end
  if matches > tonumber(ARGV[3]) then
    return 2
  end
end
redis.call('HSET', KEYS[1], 'open', ARGV[2])
for i = 2, #KEYS do
  local at = 3 * i - 2
  if redis.call('HGET', KEYS[i], 'session_id') == ARGV[at] then
    local gone = redis.call('HDEL', KEYS[i], ARGV[at + 1], ARGV[at + 2])
    if gone > 0 then
      redis.call('HINCRBY', KEYS[i], 'pending', -gone)
    end
  end
end
return 1
