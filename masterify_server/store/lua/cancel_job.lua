-- ARGV: job, account, keep output ms. Ends a job that still waits; answers the status that it has now, or had.
local job, account = ARGV[1], ARGV[2]
local held = redis.call('HMGET', key('job', job), 'account_id', 'status')
if held[1] ~= account then return false end
if held[2] ~= 'queued' then return {held[2], 0} end
finish(job, account, 'queued', 'canceled', 0, tonumber(ARGV[3]))
return {'canceled', 1}
