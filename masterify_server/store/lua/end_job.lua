-- ARGV: job, attempt, status, keep input ms, keep output ms, fields of the outcome...
-- The one step to an end. 0: it had ended, or the lease was lost; then nothing changes.
local job, attempt, status = ARGV[1], ARGV[2], ARGV[3]
local held = redis.call('HMGET', key('job', job), 'status', 'attempt', 'account_id')
if held[1] ~= 'processing' or held[2] ~= attempt then return 0 end
redis.call('HSET', key('job', job), unpack(ARGV, 6))
if status == 'done' then redis.call('HSET', key('job', job), 'progress', 100, 'stage', 'done') end
finish(job, held[3], held[1], status, tonumber(ARGV[4]), tonumber(ARGV[5]))
return 1
