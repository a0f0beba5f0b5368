-- ARGV: account, hook
if redis.call('HGET', key('hook', ARGV[2]), 'account_id') ~= ARGV[1] then return false end
return whole(key('hook', ARGV[2]))
