-- What /metrics shows: totals since the beginning, and how many wait and run now.
local waiting = 0
for _, line in ipairs(redis.call('ZRANGE', key('lines'), 0, -1)) do waiting = waiting + redis.call('ZCARD', key('line', line)) end
return {whole(key('counters')), redis.call('ZCARD', key('queued')), redis.call('ZCARD', key('leases')),
  redis.call('ZCARD', key('outbox')), waiting, redis.call('ZCARD', key('expiring'))}
