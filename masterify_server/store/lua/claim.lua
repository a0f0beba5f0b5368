-- ARGV: job, lease ms, worker. The one step from queued to processing: whoever comes second gets nothing.
local job = ARGV[1]
local held = redis.call('HMGET', key('job', job), 'status', 'account_id')
if held[1] ~= 'queued' then return false end
set_status(job, held[2], 'queued', 'processing')
redis.call('HSET', key('job', job), 'started_ms', text(now_ms), 'worker', ARGV[3], 'stage', 'reading', 'progress', 0)
redis.call('ZREM', key('queued'), job)
redis.call('ZREM', key('outbox'), job)
redis.call('ZADD', key('leases'), now_ms + tonumber(ARGV[2]), job)
tell(job)
return whole(key('job', job))
