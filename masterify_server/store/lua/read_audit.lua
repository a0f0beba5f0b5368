-- ARGV: account, limit. Newest first.
return redis.call('XREVRANGE', key('account', ARGV[1], 'audit'), '+', '-', 'COUNT', ARGV[2])
