-- ARGV: job, account ('' = any)
local account = redis.call('HGET', key('job', ARGV[1]), 'account_id')
if not account or (ARGV[2] ~= '' and account ~= ARGV[2]) then return false end
return whole(key('job', ARGV[1]))
