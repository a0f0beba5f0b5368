-- ARGV: limit. Drop the records of jobs that ended long ago; the ledger keeps what they cost.
local jobs = redis.call('ZRANGEBYSCORE', key('forgettable'), '-inf', now_ms, 'LIMIT', 0, ARGV[1])
for _, job in ipairs(jobs) do
  local held = redis.call('HMGET', key('job', job), 'account_id', 'status')
  if held[1] then
    redis.call('ZREM', key('account', held[1], 'jobs'), job)
    redis.call('ZREM', key('account', held[1], 'jobs', held[2]), job)
    redis.call('DEL', key('job', job))
  end
  redis.call('ZREM', key('forgettable'), job)
end
return #jobs
