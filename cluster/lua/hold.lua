-- Takes or keeps a member's lease and lists who holds one.
-- KEYS  members, the member's record, whether it was asked to drain
-- ARGV  its id, its record, the term in ms, take or keep, 1 to make the others look, its protocol, the lowest that it
--       accepts, what the keys of records begin with, the channel, its realm
-- Returns 1, or 2 when the member was asked to drain, and the records of all who hold a lease; 0 when the lease to keep
-- is over; -1 and a protocol when a member that speaks it and this one do not understand each other; -2 when the members
-- are of another realm.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local changed = redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now) > 0 or ARGV[5] == '1'
local held = redis.call('ZSCORE', KEYS[1], ARGV[1])

if not held and ARGV[4] == 'keep' then
  if changed then
    redis.call('PUBLISH', ARGV[9], 'changed')
  end
  return {0}
end

local records = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local record = id ~= ARGV[1] and redis.call('GET', ARGV[8] .. id)
  if record then
    records[#records + 1] = record
  end
end

if not held then
  for _, record in ipairs(records) do
    local read, other = pcall(cjson.decode, record)
    local protocol = read and type(other) == 'table' and tonumber(other.protocol)
    local accepts = protocol and tonumber(other.accepts)
    if accepts and (tonumber(ARGV[6]) < accepts or protocol < tonumber(ARGV[7])) then
      redis.call('PUBLISH', ARGV[9], 'refused ' .. ARGV[6])
      return {-1, protocol}
    end
    if accepts and (other.realm or '') ~= ARGV[10] then
      return {-2}
    end
  end
  changed = true
end

redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
if changed then
  redis.call('PUBLISH', ARGV[9], 'changed')
end
records[#records + 1] = ARGV[2]
return {redis.call('EXISTS', KEYS[3]) + 1, unpack(records)}
