-- Adds to the sightings of a day, once for each number of a writer.
-- KEYS  stats
-- ARGV  field of the writer, its number (not negative, without leading zeros), sightings, TTL of stats in seconds
local last = redis.call('HGET', KEYS[1], ARGV[1])
-- As text: a Lua number has only 53 bits.
if last and (#ARGV[2] < #last or #ARGV[2] == #last and ARGV[2] <= last) then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HINCRBY', KEYS[1], 'sightings', ARGV[3])
if redis.call('TTL', KEYS[1]) < 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[4])
end
return 1
