-- ARGV: account, hook, by. What was still to be sent to it is dropped when it comes due.
local account, hook, by = unpack(ARGV)
if redis.call('HGET', key('hook', hook), 'account_id') ~= account then return 0 end
redis.call('DEL', key('hook', hook), key('hook', hook, 'tries'))
redis.call('SREM', key('account', account, 'hooks'), hook)
audit(account, 'webhook.deleted', hook, by)
return 1
