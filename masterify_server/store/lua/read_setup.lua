-- ARGV: digest of a token. The account that it sets up.
return redis.call('GET', key('setup', ARGV[1]))
