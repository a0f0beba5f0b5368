-- ARGV: digest of the session's id, email, lifetime ms
local account = redis.call('HGET', key('user', ARGV[2]), 'account_id')
if not account then return 0 end
redis.call('HSET', key('session', ARGV[1]), 'email', ARGV[2], 'account_id', account, 'created_ms', text(now_ms))
redis.call('PEXPIRE', key('session', ARGV[1]), ARGV[3])
redis.call('SADD', key('user', ARGV[2], 'sessions'), ARGV[1])
redis.call('PEXPIRE', key('user', ARGV[2], 'sessions'), ARGV[3])
return 1
