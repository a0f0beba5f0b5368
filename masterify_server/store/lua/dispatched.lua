-- ARGV: job. The queue entry has been written.
redis.call('ZREM', key('outbox'), ARGV[1])
return 1
