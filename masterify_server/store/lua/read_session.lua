-- ARGV: digest of the session's id
return redis.call('HGETALL', key('session', ARGV[1]))
