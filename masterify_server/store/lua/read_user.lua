-- ARGV: email
return redis.call('HGETALL', key('user', ARGV[1]))
