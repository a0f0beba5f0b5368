-- ARGV: account, hook ('job' = addresses given with jobs), limit. Each try, newest first.
local account, hook, limit = unpack(ARGV)
if hook == 'job' then return redis.call('XREVRANGE', key('account', account, 'tries'), '+', '-', 'COUNT', limit) end
if redis.call('HGET', key('hook', hook), 'account_id') ~= account then return false end
return redis.call('XREVRANGE', key('hook', hook, 'tries'), '+', '-', 'COUNT', limit)
