-- ARGV: account, key id ('' = none), job, cost, idempotency key ('' = none), fingerprint, seconds it is kept, plans,
--       fields of the record...
-- One step: the debit, the job's record and its place in the queue; or nothing at all.
local account, key_id, job, cost, idem, print, kept_s, plans = unpack(ARGV, 1, 8)
cost = tonumber(cost)
if redis.call('EXISTS', key('job', job)) == 1 then return {'OK', whole(key('job', job))} end  -- the same call, sent again
if is_revoked(key_id) then return {'INVALID_API_KEY'} end  -- while the song came in
if idem ~= '' then
  local held = redis.call('GET', key('idempotency', account, idem))
  if held then
    local first = cjson.decode(held)
    if first.fingerprint ~= print then return {'IDEMPOTENCY_CONFLICT'} end
    if redis.call('EXISTS', key('job', first.job)) == 1 then return {'REPLAY', whole(key('job', first.job))} end
  end
end
local held = redis.call('HMGET', key('account', account), 'credits', 'plan')
if not held[1] then return {'UNKNOWN_ACCOUNT'} end
if tonumber(held[1]) < cost then return {'INSUFFICIENT_CREDITS', tonumber(held[1]), cost} end
local limits = limits_of(plans, held[2])
if not limits then return {'UNKNOWN_PLAN'} end
local limit = limits.concurrent_jobs
if redis.call('ZCARD', key('account', account, 'active')) >= limit then return {'CONCURRENT_LIMIT', limit} end
local left = tonumber(held[1])
if cost > 0 then left = book(account, 'debit', -cost, job, '') end
local place = redis.call('INCR', key('places'))
redis.call('HSET', key('job', job), 'job_id', job, 'account_id', account, 'status', 'queued', 'attempt', 1, 'dispatch', 0,
  'progress', 0, 'stage', 'queued', 'cost', cost, 'credits_left', left, 'place', place, 'created_ms', text(now_ms),
  unpack(ARGV, 9))
redis.call('ZADD', key('account', account, 'active'), now_ms, job)
redis.call('ZADD', key('account', account, 'jobs'), place, job)
redis.call('ZADD', key('account', account, 'jobs', 'queued'), place, job)
ask_for_dispatch(job)
redis.call('HINCRBY', key('counters'), 'accepted', 1)
if idem ~= '' then
  redis.call('SET', key('idempotency', account, idem), cjson.encode({fingerprint = print, job = job}), 'EX', kept_s)
end
return {'OK', whole(key('job', job))}
