import { RedisScript } from '../redis/script.js';
import { HOUR_MS } from './limits.js';
import { BUCKET_FIELD, COST_FIELD } from './redis-limits.js';

/**
 * Lua twins of counters.ts: the same arithmetic in the same order on the same double-precision numbers, so that
 * both stores decide alike. A test compares them.
 *
 * KEYS[1] is the usage of a subject in MessagePack, which Redis reads and writes several times faster than the
 * fields of a hash: the time of the first request, the time of the last one, and for each window three numbers at
 * its place (see window-places.ts). KEYS[2] is a sorted set of leases by the time of their expiry. The last of ARGV
 * may be the time in milliseconds, instead of Redis's own.
 */
const timeAt = (argument: number): string => `
-- An expired lease holds no slot, but is remembered for so long, so that it can still be charged, once.
local graceMs = 600000
local now = tonumber(ARGV[${argument}])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
`;

/** The usage `s`, and its `age`. A new subject's is all zero. */
const load = `
local packed = redis.call('GET', KEYS[1])
local s = packed and cmsgpack.unpack(packed) or {now, now, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
-- A clock that goes back would stop the windows until it has caught up: move the start along, and the leases.
if now < s[2] then
  s[1] = s[1] + now - s[2]
  s[2] = now
  if leaseMs >= 0 then
    redis.call('SET', KEYS[1], cmsgpack.pack(s), 'KEEPTTL')
    for _, lease in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], now + leaseMs, '+inf')) do
      redis.call('ZADD', KEYS[2], now + leaseMs, lease)
    end
  end
end
s[2] = now
local age = now - s[1]
`;

/**
 * ARGV: the question (see `encodeQuestion`), lease id, perhaps the time.
 * Gives doubles, little-endian, which are read faster than a list: 1 or 0, running requests; then for each window
 * what is left, and ms until reset.
 */
export const reserveScript = new RedisScript(`${timeAt(3)}
local given = cjson.decode(ARGV[1])
local leaseMs, points, cost = given[1], given[2], given[3]
${load}
local floor, ceil, max = math.floor, math.ceil, math.max
local slots, forgottenMs, capacity = given[4], given[5], given[6]
local allowed, used = true, {}
for i = 7, #given, 3 do
  local at, ms, limit = given[i], given[i + 1], given[i + 2]
  local current, previous = s[at + 1], s[at + 2]
  local taken
  if at == ${BUCKET_FIELD} then
    if age > s[at] then
      current = max(0, current - ((age - s[at]) * limit) / ms)
      s[at], s[at + 1] = age, current
    end
    limit, taken = capacity, current
  else
    local bucket = floor(age / ms)
    local last = s[at]
    if bucket ~= last then
      -- One that goes back was counted in windows of another length, which was changed since: begin anew.
      previous = bucket == last + 1 and current or 0
      current = 0
      s[at], s[at + 1], s[at + 2] = bucket, 0, previous
    end
    taken = previous == 0 and current or current + (previous * ((bucket + 1) * ms - age)) / ms
  end
  used[at] = taken
  if taken + (at == ${COST_FIELD} and cost or points) > limit then allowed = false end
end
local running = redis.call('ZCOUNT', KEYS[2], '(' .. now, '+inf')
if slots >= 0 and running >= slots then allowed = false end

local reserved = allowed and leaseMs >= 0
local answer, next = {allowed and 1 or 0, reserved and running + 1 or running}, 3
for i = 7, #given, 3 do
  local at, ms, limit = given[i], given[i + 1], given[i + 2]
  local sliding = at ~= ${BUCKET_FIELD}
  local ceiling = sliding and limit or capacity
  local amount = at == ${COST_FIELD} and cost or points
  local left = sliding and (s[at] + 1) * ms - age
  local taken, reset = used[at], 0
  if reserved then
    local current = s[at + 1] + amount
    s[at + 1] = current
    taken = sliding and s[at + 2] ~= 0 and current + (s[at + 2] * left) / ms or current
  end
  if allowed then
    reset = left or ceil((s[at + 1] * ms) / limit)
  else
    local room = ceiling - amount
    local over = taken - room
    if room < 0 then
      reset = math.huge
    elseif over > 0 then
      if not sliding then
        reset = max(1, ceil((over * ms) / limit))
      elseif s[at + 1] > room then
        reset = max(1, ceil(left + ms - (room * ms) / s[at + 1]))
      else
        reset = max(1, ceil(left - ((room - s[at + 1]) * ms) / s[at + 2]))
      end
    end
  end
  answer[next], answer[next + 1] = max(0, floor(ceiling - taken)), reset
  next = next + 2
end

if reserved then
  redis.call('SET', KEYS[1], cmsgpack.pack(s), 'PX', forgottenMs)
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - graceMs)
  redis.call('ZADD', KEYS[2], now + leaseMs, ARGV[2])
  redis.call('PEXPIRE', KEYS[2], leaseMs + graceMs)
end
return struct.pack('<' .. ('d'):rep(#answer), unpack(answer))
`);

/**
 * ARGV: lease id, lease ms, cost to add, perhaps the time. A lease is settled once, however often it is tried. The cost of a response that took longer than its subject was remembered is charged all the same.
 */
export const settleScript = new RedisScript(`${timeAt(4)}
if redis.call('ZREM', KEYS[2], ARGV[1]) == 0 then return 0 end
local leaseMs, difference = tonumber(ARGV[2]), tonumber(ARGV[3])
if difference == 0 then return 1 end
local ms, at = ${HOUR_MS}, ${COST_FIELD}
${load}
local bucket = math.floor(age / ms)
if bucket > s[at] then
  s[at + 2] = bucket == s[at] + 1 and s[at + 1] or 0
  s[at + 1] = 0
  s[at] = bucket
end
local current = s[at + 1] + difference
s[at + 1] = math.max(0, current)
if current < 0 then s[at + 2] = math.max(0, s[at + 2] + current) end
redis.call('SET', KEYS[1], cmsgpack.pack(s), 'PX', math.max(2 * ms, redis.call('PTTL', KEYS[1])))
return 1
`);

/** ARGV: lease id, lease ms, perhaps the time. Gives 0 where the lease is gone already. */
export const renewScript = new RedisScript(`${timeAt(3)}
if not redis.call('ZSCORE', KEYS[2], ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2] + graceMs)
return 1
`);
