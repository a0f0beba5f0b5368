-- ARGV: email, account, password hash, by. A new user, or a new password of one of this account; then every session ends.
local email, account, hash, by = unpack(ARGV)
if redis.call('EXISTS', key('account', account)) == 0 then return 'UNKNOWN_ACCOUNT' end
local held = redis.call('HGET', key('user', email), 'account_id')
if held and held ~= account then return 'EMAIL_TAKEN' end
redis.call('HSET', key('user', email), 'email', email, 'account_id', account, 'password_hash', hash)
redis.call('HSETNX', key('user', email), 'created_ms', text(now_ms))
redis.call('SADD', key('account', account, 'users'), email)
for _, session in ipairs(redis.call('SMEMBERS', key('user', email, 'sessions'))) do redis.call('DEL', key('session', session)) end
redis.call('DEL', key('user', email, 'sessions'))
audit(account, held and 'user.changed' or 'user.created', email, by)
return 'OK'
