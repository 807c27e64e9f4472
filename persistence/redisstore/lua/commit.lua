-- Makes two sessions a match unless one of them has blocked the other, or changes nothing.
-- KEYS  session A, session B, stats, pair
-- ARGV  session id A, B; name of the pair; nudge id A, B; time of the match; interests; most nudges in an outbox;
--       TTL of stats in seconds; the two, sealed
-- Returns 0 refused, 1 committed by this call or an earlier try, 2 the pair is matched already.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local match = 'm:' .. ARGV[3]
local sides = {}
for i = 1, 2 do
  local held = redis.call('HMGET', KEYS[i], 'session_id', 'expires_at', 'open', 'pending', match)
  if held[1] == ARGV[i] and now < (tonumber(held[2]) or 0) then
    if held[5] and string.sub(held[5], 1, #ARGV[3 + i]) == ARGV[3 + i] then
      return 1
    end
    sides[i] = held
  end
end
local a, b = sides[1], sides[2]
if not a or not b or a[3] ~= '1' or b[3] ~= '1' then
  return 0
end
if a[5] or b[5] then
  local block = 'b:' .. ARGV[3] -- nobody blocks whom they have not met
  if redis.call('HEXISTS', KEYS[1], block) == 1 or redis.call('HEXISTS', KEYS[2], block) == 1 then
    return 0
  end
  return 2
end
local most = tonumber(ARGV[8])
for i = 1, 2 do
  sides[i].pending = tonumber(sides[i][4]) or 0
  if sides[i].pending >= most then
    return 0
  end
end
for i = 1, 2 do
  local id = ARGV[3 + i]
  redis.call('HSET', KEYS[i], match, id .. ' ' .. ARGV[6], 'n:' .. id, ARGV[6] .. ' ' .. ARGV[7],
    'pending', sides[i].pending + 1)
end
redis.call('SET', KEYS[4], ARGV[10], 'PXAT', math.min(tonumber(a[2]), tonumber(b[2])) - 1)
if redis.call('HINCRBY', KEYS[3], 'matches', 1) == 1 then
  redis.call('EXPIRE', KEYS[3], ARGV[9])
end
return 1
