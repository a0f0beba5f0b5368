-- ARGV: job, account ('' = any)
local record = redis.call('HGETALL', key('job', ARGV[1]))
if #record == 0 or (ARGV[2] ~= '' and redis.call('HGET', key('job', ARGV[1]), 'account_id') ~= ARGV[2]) then return false end
return record
