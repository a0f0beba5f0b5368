-- ARGV: delivery, ms. Not now: its endpoint is busy.
return redis.call('ZADD', key('deliveries'), 'XX', 'CH', now_ms + tonumber(ARGV[2]), ARGV[1])
