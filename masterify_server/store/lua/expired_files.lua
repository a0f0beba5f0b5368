-- ARGV: limit. 'in:JOB' and 'out:JOB' whose time is over.
return redis.call('ZRANGEBYSCORE', key('expiring'), '-inf', now_ms, 'LIMIT', 0, ARGV[1])
