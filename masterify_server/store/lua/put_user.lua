-- ARGV: email, account, password hash, by. A new user, or a new password of one of this account; then every session ends.
local email, account, hash, by = unpack(ARGV)
if redis.call('EXISTS', key('account', account)) == 0 then return 'UNKNOWN_ACCOUNT' end
return write_user(account, email, hash, by)
