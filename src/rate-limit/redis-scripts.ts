import { RedisScript } from '../redis/script.js';

/**
 * Lua twins of counters.ts: the same arithmetic in the same order on the same double-precision numbers, so that
 * both stores decide alike. A test compares them.
 *
 * KEYS[1] is a hash: `a` the time of the first request, `t` of the last one, and for each window, at its place `k`,
 * `b<k>`, `c<k>`, `p<k>`. KEYS[2] is a sorted set of leases by the time of their expiry. ARGV[1] is the time in
 * milliseconds, or empty for Redis's own.
 */
const shared = `
-- An expired lease holds no slot, but is remembered for so long, so that it can still be charged, once.
local graceMs = 600000
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

-- A clock that goes back would stop the windows until it has caught up: move the anchor along, and the leases.
local function anchorOf(anchor, last, leaseMs)
  if now >= last then return anchor end
  anchor = anchor + now - last
  redis.call('HSET', KEYS[1], 'a', anchor, 't', now)
  for _, lease in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], now + leaseMs, '+inf')) do
    redis.call('ZADD', KEYS[2], now + leaseMs, lease)
  end
  return anchor
end

local function advance(w, age)
  if w.capacity then
    if age > w.b then
      w.c = math.max(0, w.c - ((age - w.b) * w.limit) / w.ms)
      w.b = age
    end
    return
  end
  local bucket = math.floor(age / w.ms)
  if bucket > w.b then
    w.p = bucket == w.b + 1 and w.c or 0
    w.c = 0
    w.b = bucket
  end
end

local function add(w, amount)
  local current = w.c + amount
  w.c = math.max(0, current)
  if current < 0 then w.p = math.max(0, w.p + current) end
end
`;

/**
 * ARGV: time, `reserve` or `peek`, lease id, lease ms, points, cost, slots (-1: any number), ms until all is
 * forgotten; then for each window: place, ms, limit, capacity (-1: sliding), 1 if it counts cost.
 * Gives: 1 or 0, running requests; then for each window what is left, and ms until reset (-1: never).
 */
export const reserveScript = new RedisScript(`${shared}
local leaseMs, slots = tonumber(ARGV[4]), tonumber(ARGV[7])
local windows, fields = {}, {'a', 't'}
for at = 9, #ARGV, 5 do
  local k = ARGV[at]
  local capacity = tonumber(ARGV[at + 3])
  windows[#windows + 1] = {
    k = k, ms = tonumber(ARGV[at + 1]), limit = tonumber(ARGV[at + 2]), capacity = capacity >= 0 and capacity or nil,
    amount = tonumber(ARGV[at + 4] == '1' and ARGV[6] or ARGV[5])
  }
  fields[#fields + 1] = 'b' .. k
  fields[#fields + 1] = 'c' .. k
  fields[#fields + 1] = 'p' .. k
end
local stored = redis.call('HMGET', KEYS[1], unpack(fields))
local anchor = tonumber(stored[1]) or now
anchor = anchorOf(anchor, tonumber(stored[2]) or now, leaseMs)
local age = now - anchor

local function left(w)
  return math.min(w.ms, (w.b + 1) * w.ms - age)
end
local function used(w)
  if w.capacity then return w.c end
  return w.c + (w.p * left(w)) / w.ms
end
local function untilReset(w)
  if w.capacity then return math.ceil((w.c * w.ms) / w.limit) end
  return left(w)
end
local function untilFits(w)
  local room = (w.capacity or w.limit) - w.amount
  if room < 0 then return -1 end
  local over = used(w) - room
  if over <= 0 then return 0 end
  if w.capacity then return math.ceil((over * w.ms) / w.limit) end
  if w.c > room then return math.ceil(left(w) + w.ms - (room * w.ms) / w.c) end
  return math.ceil(left(w) - ((room - w.c) * w.ms) / w.p)
end

local allowed = true
for i, w in ipairs(windows) do
  w.b = tonumber(stored[3 * i]) or 0
  w.c = tonumber(stored[3 * i + 1]) or 0
  w.p = tonumber(stored[3 * i + 2]) or 0
  advance(w, age)
  if used(w) + w.amount > (w.capacity or w.limit) then allowed = false end
end
local running = 0
if slots >= 0 then
  running = redis.call('ZCOUNT', KEYS[2], '(' .. string.format('%.0f', now), '+inf')
  if running >= slots then allowed = false end
end

if allowed and ARGV[2] == 'reserve' then
  local values = {'a', anchor, 't', now}
  for _, w in ipairs(windows) do
    add(w, w.amount)
    values[#values + 1] = 'b' .. w.k
    values[#values + 1] = w.b
    values[#values + 1] = 'c' .. w.k
    values[#values + 1] = w.c
    values[#values + 1] = 'p' .. w.k
    values[#values + 1] = w.p
  end
  redis.call('HSET', KEYS[1], unpack(values))
  redis.call('PEXPIRE', KEYS[1], ARGV[8])
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - graceMs)
  redis.call('ZADD', KEYS[2], now + leaseMs, ARGV[3])
  redis.call('PEXPIRE', KEYS[2], leaseMs + graceMs)
  running = running + 1
end

local answer = {allowed and 1 or 0, running}
for _, w in ipairs(windows) do
  answer[#answer + 1] = math.max(0, math.floor((w.capacity or w.limit) - used(w)))
  answer[#answer + 1] = allowed and untilReset(w) or untilFits(w)
end
return answer
`);

/**
 * ARGV: time, lease id, lease ms, cost to add, place and ms of the cost window. A lease is settled once, however
 * often it is tried.
 */
export const settleScript = new RedisScript(`${shared}
if redis.call('ZREM', KEYS[2], ARGV[2]) == 0 then return 0 end
local difference, k = tonumber(ARGV[4]), ARGV[5]
if difference == 0 then return 1 end
local stored = redis.call('HMGET', KEYS[1], 'a', 't', 'b' .. k, 'c' .. k, 'p' .. k)
local anchor = tonumber(stored[1])
if not anchor then return 1 end
anchor = anchorOf(anchor, tonumber(stored[2]), tonumber(ARGV[3]))
local w = {
  ms = tonumber(ARGV[6]), b = tonumber(stored[3]) or 0, c = tonumber(stored[4]) or 0, p = tonumber(stored[5]) or 0
}
advance(w, now - anchor)
add(w, difference)
redis.call('HSET', KEYS[1], 't', now, 'b' .. k, w.b, 'c' .. k, w.c, 'p' .. k, w.p)
return 1
`);

/** ARGV: time, lease id, lease ms. Gives 0 where the lease is gone already. */
export const renewScript = new RedisScript(`${shared}
if not redis.call('ZSCORE', KEYS[2], ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3] * 2)
return 1
`);
