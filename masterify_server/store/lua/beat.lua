-- ARGV: job, attempt, lease ms, progress (0-100), stage. 0: the lease is lost, somebody else has the job.
local job = ARGV[1]
local held = redis.call('HMGET', key('job', job), 'status', 'attempt', 'progress', 'stage')
if held[1] ~= 'processing' or held[2] ~= ARGV[2] then return 0 end
redis.call('ZADD', key('leases'), now_ms + tonumber(ARGV[3]), job)
if held[3] ~= ARGV[4] or held[4] ~= ARGV[5] then
  redis.call('HSET', key('job', job), 'progress', ARGV[4], 'stage', ARGV[5])
  tell(job)
end
return 1
