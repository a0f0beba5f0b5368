-- ARGV: account. E-mail addresses.
return redis.call('SMEMBERS', key('account', ARGV[1], 'users'))
