-- Adds the totals that were known of a day before, once.
-- KEYS  stats
-- ARGV  TTL of stats in seconds, then fields and what to add to them
if redis.call('HSETNX', KEYS[1], 'seeded', '1') == 0 then
  return 0
end
for i = 2, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
end
if redis.call('TTL', KEYS[1]) < 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[1])
end
return 1
