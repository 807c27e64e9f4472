-- Makes two sessions a match unless one of them has blocked the other, or changes nothing. Redis makes strings of
-- numbers slowly, so what can comes as it is to be stored.
-- KEYS  session A, session B, stats, pair
-- ARGV  session id A, B; name of the pair; what A, B remember of the match, the nudge id first; nudge field A, B;
--       what is in these; most nudges in an outbox; TTL of stats in seconds; the two, sealed
-- Returns 0 refused, 1 committed by this call or an earlier try, 2 the pair is matched already.
local call = redis.call
local match = 'm:' .. ARGV[3]
local sides = {}
for i = 1, 2 do
  local held = call('HMGET', KEYS[i], 'session_id', 'open', 'pending', 'expires_at', match)
  if held[1] == ARGV[i] then -- it is live, since its key ends with it
    -- an earlier try: the same nudge, whose id has 22 characters
    if held[5] and string.sub(held[5], 1, 22) == string.sub(ARGV[3 + i], 1, 22) then
      return 1
    end
    sides[i] = held
  end
end
local a, b = sides[1], sides[2]
if not a or not b or a[2] ~= '1' or b[2] ~= '1' then
  return 0
end
if a[5] or b[5] then
  local block = 'b:' .. ARGV[3] -- nobody blocks whom they have not met
  if call('HEXISTS', KEYS[1], block) == 1 or call('HEXISTS', KEYS[2], block) == 1 then
    return 0
  end
  return 2
end
local most = tonumber(ARGV[9])
local pendingA, pendingB = tonumber(a[3]) or 0, tonumber(b[3]) or 0
if pendingA >= most or pendingB >= most then
  return 0
end
call('HSET', KEYS[1], match, ARGV[4], ARGV[6], ARGV[8], 'pending', pendingA + 1)
call('HSET', KEYS[2], match, ARGV[5], ARGV[7], ARGV[8], 'pending', pendingB + 1)
-- to the end of the first of the two, as it is stored: a millisecond after the key of that one
call('SET', KEYS[4], ARGV[11], 'PXAT', tonumber(a[4]) < tonumber(b[4]) and a[4] or b[4])
if call('HINCRBY', KEYS[3], 'matches', 1) == 1 then
  call('EXPIRE', KEYS[3], ARGV[10])
end
return 1
