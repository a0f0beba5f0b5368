-- ARGV: account, digest of the token, lifetime ms, by. The account's token before this one is no longer good.
local account, digest, lifetime, by = unpack(ARGV)
if redis.call('EXISTS', key('account', account)) == 0 then return 0 end
local before = redis.call('GET', key('setup', 'of', account))
if before then redis.call('DEL', key('setup', before)) end
redis.call('SET', key('setup', digest), account, 'PX', lifetime)
redis.call('SET', key('setup', 'of', account), digest, 'PX', lifetime)
audit(account, 'setup.offered', '', by)
return 1
