-- Forgets a session, unless its token belongs to another one by now.
-- KEYS  session, partition
-- ARGV  session id, token, prefix of access keys, prefix of session keys, prefix of pair keys
local held = redis.call('HMGET', KEYS[1], 'session_id', 'access_hash', 'token', 'former')
if held[1] and held[1] ~= ARGV[1] then
  return 0
end
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 2) == 'm:' then
    redis.call('DEL', ARGV[5] .. string.sub(field, 3))
  end
end
redis.call('DEL', KEYS[1])
if held[2] then
  redis.call('DEL', ARGV[3] .. held[2])
end
for i = 3, 4 do
  if held[i] and held[i] ~= ARGV[2] and redis.call('HGET', ARGV[4] .. held[i], 'of') == ARGV[2] then
    redis.call('DEL', ARGV[4] .. held[i])
  end
end
redis.call('ZREM', KEYS[2], ARGV[2])
return 1
