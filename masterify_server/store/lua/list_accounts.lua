-- All account ids, oldest first.
return redis.call('ZRANGE', key('accounts'), 0, -1)
