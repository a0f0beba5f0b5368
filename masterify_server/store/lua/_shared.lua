-- What all scripts share. KEYS[1] is the prefix of every key; its hash tag puts all of them into one slot.
local P = KEYS[1]

-- A part that holds the separator is written as another: 'whk_1:tries' must not name what belongs to 'whk_1'.
local ESCAPED = {[':'] = '%3A', ['%'] = '%25'}

local function key(...)
  local parts = {...}
  for n, part in ipairs(parts) do
    if string.find(part, '[:%%]') then parts[n] = string.gsub(part, '[:%%]', ESCAPED) end
  end
  return P .. table.concat(parts, ':')
end

-- The store's own clock: one for all machines.
local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- Leases last seconds. One that ends later than this was written before the clock was set back, and is over.
local LONGEST_LEASE_MS = 60000

local function text(number)
  return string.format('%.0f', number)
end

-- A hash as one JSON text: clients read that several times faster than the store's own lists.
local function whole(name)
  return cjson.encode(redis.call('HGETALL', name))
end

-- What a plan allows; nothing if the deployment's table (ARGV, as JSON) does not know it any more.
local function limits_of(plans, plan)
  return cjson.decode(plans)[plan]
end

-- Whether a key that was good when its request began has been revoked since; '' is no key.
local function is_revoked(id)
  local at = id ~= '' and redis.call('HGET', key('key', id), 'revoked_ms')
  return at and tonumber(at) <= now_ms
end

-- Add credits (or take them, if negative), and write why.
local function book(account, kind, amount, job, note)
  local left = redis.call('HINCRBY', key('account', account), 'credits', amount)
  redis.call('XADD', key('account', account, 'ledger'), '*', 'kind', kind, 'amount', text(amount), 'balance', left,
    'job', job, 'note', note)
  return left
end

-- Write who did what to an account.
local function audit(account, action, what, by)
  redis.call('XADD', key('account', account, 'audit'), 'MAXLEN', '~', 1000, '*', 'action', action, 'what', what, 'by', by)
end

-- End sessions of a user: all, or only one; but not the one to keep. Answers how many.
local function end_sessions(email, only, keep)
  local all, ended = key('user', email, 'sessions'), 0
  for _, session in ipairs(redis.call('SMEMBERS', all)) do
    if session ~= keep and (only == '' or session == only) then
      ended = ended + redis.call('DEL', key('session', session))
      redis.call('SREM', all, session)
    end
  end
  return ended
end

-- Make a user, or give one of this account another password; then every session ends.
local function write_user(account, email, hash, by)
  local held = redis.call('HGET', key('user', email), 'account_id')
  if held and held ~= account then return 'EMAIL_TAKEN' end
  redis.call('HSET', key('user', email), 'email', email, 'account_id', account, 'password_hash', hash)
  redis.call('HSETNX', key('user', email), 'created_ms', text(now_ms))
  redis.call('SADD', key('account', account, 'users'), email)
  end_sessions(email, '', '')
  audit(account, held and 'user.changed' or 'user.created', email, by)
  return 'OK'
end

-- Whether a key is there already: 'OK' if the same request has made it a moment ago and it is as good as new.
local function made_before(account, id, digest)
  local held = redis.call('HMGET', key('key', id), 'account_id', 'digest', 'created_ms', 'revoked_ms')
  if not held[1] then return nil end
  local same = held[1] == account and held[2] == digest and not held[4]
  return same and math.abs(now_ms - tonumber(held[3])) < 120000 and 'OK' or 'KEY_EXISTS'
end

-- Move a job to a status, in its record and in the lists of its account.
local function set_status(job, account, from, to)
  local record = key('job', job)
  redis.call('HSET', record, 'status', to)
  local place = redis.call('HGET', record, 'place')
  redis.call('ZREM', key('account', account, 'jobs', from), job)
  redis.call('ZADD', key('account', account, 'jobs', to), place, job)
end

-- Tell who watches a job; what is lost is read again by them from the record.
local function tell(job)
  local seen = redis.call('HMGET', key('job', job), 'status', 'progress', 'stage')
  redis.call('PUBLISH', key('progress', job), cjson.encode({status = seen[1], progress = tonumber(seen[2]), stage = seen[3]}))
end

-- A job waits for its place in the queue; the keeper is told, and looks into the outbox anyway.
local function ask_for_dispatch(job)
  redis.call('ZADD', key('queued'), now_ms, job)
  redis.call('ZADD', key('outbox'), now_ms, job)
  redis.call('PUBLISH', key('dispatch'), job)
end

-- Messages wait in lines, one for each endpoint of an account, so that a long one hides nobody. 'lines' says when the first
-- message of each is due.
local function line_of(account, endpoint)
  return account .. '|' .. endpoint
end

local function note_first_of(line)
  local first = redis.call('ZRANGE', key('line', line), 0, 0, 'WITHSCORES')
  if first[2] then redis.call('ZADD', key('lines'), first[2], line) else redis.call('ZREM', key('lines'), line) end
end

local function wait_in(line, at_ms, delivery)
  redis.call('ZADD', key('line', line), at_ms, delivery)
  note_first_of(line)
end

-- Write a message that is due now to one endpoint ('job' for an address given with the job).
local function post(account, endpoint, url, event, message, job)
  local delivery = endpoint .. '|' .. message
  redis.call('HSET', key('delivery', delivery), 'account', account, 'endpoint', endpoint, 'url', url, 'event', event,
    'message', message, 'job', job, 'tries', 0, 'created_ms', text(now_ms))
  wait_in(line_of(account, endpoint), now_ms, delivery)
  redis.call('PUBLISH', key('deliver'), delivery)
end

-- A job has ended: take it out of everything that runs, pay back if it must, tell everybody. Once: the caller has
-- checked that it had not ended.
local function finish(job, account, from, status, keep_input_ms, keep_output_ms)
  local record = key('job', job)
  local held = redis.call('HMGET', record, 'cost', 'webhook_url')
  redis.call('HSET', record, 'finished_ms', text(now_ms), 'files_until_ms', text(now_ms + keep_output_ms))
  set_status(job, account, from, status)
  redis.call('ZREM', key('leases'), job)
  redis.call('ZREM', key('queued'), job)
  redis.call('ZREM', key('outbox'), job)
  redis.call('ZREM', key('account', account, 'active'), job)
  redis.call('ZADD', key('expiring'), now_ms + keep_input_ms, 'in:' .. job, now_ms + keep_output_ms, 'out:' .. job)
  redis.call('HINCRBY', key('counters'), status, 1)
  if status ~= 'done' and tonumber(held[1]) > 0 then
    book(account, 'refund', tonumber(held[1]), job, status)
    redis.call('HSET', record, 'refunded', 1)
  end
  local event = 'job.' .. status
  local message = 'evt_' .. string.gsub(job, '-', '')
  for _, hook in ipairs(redis.call('SMEMBERS', key('account', account, 'hooks'))) do
    local endpoint = redis.call('HMGET', key('hook', hook), 'url', 'events', 'disabled_ms')
    if endpoint[1] and not endpoint[3] and string.find(',' .. endpoint[2] .. ',', ',' .. event .. ',', 1, true) then
      post(account, hook, endpoint[1], event, message, job)
    end
  end
  if held[2] then
    post(account, 'job', held[2], event, message, job)
  end
  tell(job)
end

-- GCRA, the generic cell rate algorithm (ITU-T I.371): one number a name, no window whose edge could be abused.
-- Answers {allowed, limit, turns left, ms until all are back, ms until the next turn if refused}.
local function take_turn(name, limit, period_ms)
  local spacing = period_ms / limit
  local due = tonumber(redis.call('GET', name) or now_ms)
  if due < now_ms then due = now_ms end
  if due > now_ms + period_ms then  -- the clock was set back: nobody waits for it to catch up
    due = now_ms + period_ms
    redis.call('SET', name, string.format('%.3f', due), 'PX', math.ceil(period_ms))
  end
  local after = due + spacing
  if after - period_ms > now_ms then
    return {0, limit, 0, math.ceil(due - now_ms), math.ceil(after - period_ms - now_ms)}
  end
  redis.call('SET', name, string.format('%.3f', after), 'PX', math.max(1, math.ceil(after - now_ms)))
  return {1, limit, math.floor((period_ms - (after - now_ms)) / spacing + 1e-6), math.ceil(after - now_ms), 0}
end
