-- Creates a session unless a live one has its token, and counts it on its day.
-- KEYS  session, access, partition, stats
-- ARGV  token, session id, expires_at, TTL of stats in seconds, number of arguments that are fields and values of the
--       session, these, then the counters of the day to raise by one
-- Returns 1 when it is there, by this call or an earlier try; 0 when the token is live.
local held = redis.call('HMGET', KEYS[1], 'session_id', 'expires_at')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if held[1] and now < (tonumber(held[2]) or 0) then
  return held[1] == ARGV[2] and 1 or 0
end
if tonumber(ARGV[3]) <= now then
  return 1 -- an earlier try may have stored and counted it
end
redis.call('DEL', KEYS[1])
local last = 5 + tonumber(ARGV[5])
redis.call('HSET', KEYS[1], unpack(ARGV, 6, last))
local last_moment = tonumber(ARGV[3]) - 1 -- Redis keeps a key through the millisecond that is named
redis.call('PEXPIREAT', KEYS[1], last_moment)
redis.call('SET', KEYS[2], ARGV[1], 'PXAT', last_moment)
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
for i = last + 1, #ARGV do
  if redis.call('HINCRBY', KEYS[4], ARGV[i], 1) == 1 then
    redis.call('EXPIRE', KEYS[4], ARGV[4])
  end
end
return 1
