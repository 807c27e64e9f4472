-- Records that one of a blind match has waved, and once both have reveals to both what they share.
-- KEYS  session, the other session
-- ARGV  session id; id of the other; match field, block field, wave field; reveal field, nudge id; those of the other; time;
--       interests; most nudges in an outbox
-- Returns 0 when the session is not live or is not in that match, 1 when it has waved, and 2 when both have, by this call
-- or an earlier one.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local sides = {}
for i = 1, 2 do
  local held = redis.call('HMGET', KEYS[i], 'session_id', 'expires_at', ARGV[3], ARGV[4], ARGV[5], 'open', 'pending')
  if held[1] == ARGV[i] and now < (tonumber(held[2]) or 0) and held[3] then
    sides[i] = {blocked = held[4], waved = held[5], open = held[6] == '1', pending = tonumber(held[7]) or 0}
  end
end
local own, other = sides[1], sides[2]
if not own then
  return 0
end
if own.blocked then
  return 1
end
if own.waved == '2' then
  return 2
end
redis.call('HSET', KEYS[1], ARGV[5], '1')
local most = tonumber(ARGV[12])
if not other or other.blocked or other.waved ~= '1' or not own.open or not other.open or own.pending >= most or other.pending >= most then
  return 1
end
for i = 1, 2 do
  redis.call('HSET', KEYS[i], ARGV[5], '2', ARGV[4 + 2 * i], ARGV[10] .. ' ' .. ARGV[5 + 2 * i] .. ' ' .. ARGV[11])
  redis.call('HINCRBY', KEYS[i], 'pending', 1)
end
return 2
