-- ARGV: account, email, by. Nobody logs in by this address any more; every session ends.
local account, email, by = unpack(ARGV)
if redis.call('HGET', key('user', email), 'account_id') ~= account then return 0 end
end_sessions(email, '', '')
redis.call('DEL', key('user', email), key('user', email, 'sessions'))
redis.call('SREM', key('account', account, 'users'), email)
audit(account, 'user.removed', email, by)
return 1
