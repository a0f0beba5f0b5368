-- ARGV: job, account. The files of an ended job expire now; its record stays.
local job, account = ARGV[1], ARGV[2]
local held = redis.call('HMGET', key('job', job), 'account_id', 'status')
if held[1] ~= account then return false end
if held[2] == 'queued' or held[2] == 'processing' then return {held[2], 0} end
redis.call('HSET', key('job', job), 'files_until_ms', text(now_ms))
redis.call('ZADD', key('expiring'), 'XX', 'LT', now_ms, 'in:' .. job, now_ms, 'out:' .. job)
return {held[2], 1}
