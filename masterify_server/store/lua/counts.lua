-- What /metrics shows: totals since the beginning, and how many wait and run now.
return {whole(key('counters')), redis.call('ZCARD', key('queued')), redis.call('ZCARD', key('leases')),
  redis.call('ZCARD', key('outbox')), redis.call('ZCARD', key('deliveries')), redis.call('ZCARD', key('expiring'))}
