-- ARGV: job, attempt ('' = only if its lease has run out), most attempts, keep input ms, keep output ms
-- A worker is gone: the job waits again, or has failed too often. Answers 'again', 'failed' or '' (nothing to do).
local job, attempt, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
local held = redis.call('HMGET', key('job', job), 'status', 'attempt', 'account_id')
if held[1] ~= 'processing' then
  redis.call('ZREM', key('leases'), job)
  return ''
end
if attempt == '' then
  local left_ms = tonumber(redis.call('ZSCORE', key('leases'), job) or now_ms) - now_ms
  if left_ms > 0 and left_ms <= LONGEST_LEASE_MS then return '' end
elseif attempt ~= held[2] then
  return ''
end
redis.call('HINCRBY', key('counters'), 'reaped', 1)
if tonumber(held[2]) >= most then
  redis.call('HSET', key('job', job), 'error_code', 'INTERNAL_ERROR', 'error_detail', 'the worker died ' .. held[2] .. ' times')
  finish(job, held[3], 'processing', 'failed', tonumber(ARGV[4]), tonumber(ARGV[5]))
  return 'failed'
end
set_status(job, held[3], 'processing', 'queued')
redis.call('HINCRBY', key('job', job), 'attempt', 1)
redis.call('HSET', key('job', job), 'stage', 'queued', 'progress', 0)
redis.call('ZREM', key('leases'), job)
ask_for_dispatch(job)
tell(job)
return 'again'
