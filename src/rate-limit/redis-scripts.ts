import { BatchScript } from '../redis/script-batch.js';
import { HOUR_MS } from './limits.js';
import { BUCKET_FIELD, COST_FIELD } from './redis-limits.js';

/** Once for all that is asked in a call. In common they may have the time in milliseconds, instead of Redis's own. */
const before = `
local floor, ceil, max = math.floor, math.ceil, math.max
-- An expired lease holds no slot, but is remembered for so long, so that it can still be charged, once.
local graceMs = 600000
local now = common
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + floor(time[2] / 1000)
end

-- The usage of a subject, and its age. A new subject's is all zero.
local function load(usage, leases, leaseMs)
  local packed = redis.call('GET', usage)
  local s = packed and cmsgpack.unpack(packed) or {now, now, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
  -- A clock that goes back would stop the windows until it has caught up: move the start along, and the leases.
  if now < s[2] then
    s[1] = s[1] + now - s[2]
    s[2] = now
    if leaseMs >= 0 then
      redis.call('SET', usage, cmsgpack.pack(s), 'KEEPTTL')
      for _, lease in ipairs(redis.call('ZRANGEBYSCORE', leases, now + leaseMs, '+inf')) do
        redis.call('ZADD', leases, now + leaseMs, lease)
      end
    end
  end
  s[2] = now
  return s, now - s[1]
end
`;

/** Says for each window what is left, and ms until reset; then 1 or 0, and the running requests. */
const reserve = `
local function reserve(usage, leases, id, given)
  local leaseMs, points, cost, slots, forgottenMs, capacity = unpack(given, 2, 7)
  local s, age = load(usage, leases, leaseMs)
  local allowed, used = true, {}
  for i = 8, #given, 3 do
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
  local running = redis.call('ZCOUNT', leases, '(' .. now, '+inf')
  if slots >= 0 and running >= slots then allowed = false end

  local reserved = allowed and leaseMs >= 0
  for i = 8, #given, 3 do
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
    say(max(0, floor(ceiling - taken)))
    say(reset)
  end

  if reserved then
    redis.call('SET', usage, cmsgpack.pack(s), 'PX', forgottenMs)
    redis.call('ZREMRANGEBYSCORE', leases, '-inf', now - graceMs)
    redis.call('ZADD', leases, now + leaseMs, id)
    redis.call('PEXPIRE', leases, leaseMs + graceMs)
    running = running + 1
  end
  say(allowed and 1 or 0)
  say(running)
end
`;

/**
 * A lease is settled once, however often it is tried. The cost of a response that took longer than its subject was
 * remembered is charged all the same.
 */
const settle = `
local function settle(usage, leases, id, given)
  local leaseMs, difference = given[2], given[3]
  if redis.call('ZREM', leases, id) == 0 or difference == 0 then return end
  local s, age = load(usage, leases, leaseMs)
  local ms, at = ${HOUR_MS}, ${COST_FIELD}
  local bucket = floor(age / ms)
  if bucket > s[at] then
    s[at + 2] = bucket == s[at] + 1 and s[at + 1] or 0
    s[at + 1] = 0
    s[at] = bucket
  end
  local current = s[at + 1] + difference
  s[at + 1] = max(0, current)
  if current < 0 then s[at + 2] = max(0, s[at + 2] + current) end
  redis.call('SET', usage, cmsgpack.pack(s), 'PX', max(2 * ms, redis.call('PTTL', usage)))
end
`;

/** Does nothing where the lease is gone already. */
const renew = `
local function renew(leases, id, given)
  if not redis.call('ZSCORE', leases, id) then return end
  redis.call('ZADD', leases, now + given[2], id)
  redis.call('PEXPIRE', leases, given[2] + graceMs)
end
`;

const item = `
local usage, leases = KEYS[place], KEYS[place + 1]
if asked[1] == 'reserve' then
  reserve(usage, leases, id, asked)
elseif asked[1] == 'settle' then
  settle(usage, leases, id, asked)
else
  renew(leases, id, asked)
end
`;

/**
 * Lua twins of counters.ts: the same arithmetic in the same order on the same double-precision numbers, so that
 * both stores decide alike. A test compares them.
 *
 * The first key of an item is the usage of a subject in MessagePack, which Redis reads and writes several times faster
 * than the fields of a hash: the time of the first request, the time of the last one, and for each window three numbers
 * at its place (see window-places.ts). The second one is a sorted set of leases by the time of their expiry. Its id is
 * that of a lease; for what it asks see redis-limits.ts.
 */
export const quotaScript = new BatchScript({ before: before + reserve + settle + renew, item });
