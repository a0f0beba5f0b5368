-- ARGV: digest of a token, email, password hash. Makes the user and uses the token up, or does neither.
local digest, email, hash = unpack(ARGV)
local account = redis.call('GET', key('setup', digest))
if not account then return 'SETUP_EXPIRED' end
local answer = write_user(account, email, hash, 'setup')
if answer == 'OK' then redis.call('DEL', key('setup', digest), key('setup', 'of', account)) end
return answer
