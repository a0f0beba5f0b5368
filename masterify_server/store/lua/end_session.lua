-- ARGV: digest of the session's id
local email = redis.call('HGET', key('session', ARGV[1]), 'email')
if not email then return 0 end
redis.call('SREM', key('user', email, 'sessions'), ARGV[1])
redis.call('DEL', key('session', ARGV[1]))
return 1
