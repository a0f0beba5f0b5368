-- ARGV: outbox age ms, queued age ms, limit. Jobs not dispatched; whose lease has run out; that wait for long.
local function due(name, age) return redis.call('ZRANGEBYSCORE', key(name), '-inf', now_ms - age, 'LIMIT', 0, ARGV[3]) end
return {due('outbox', tonumber(ARGV[1])), due('leases', 0), due('queued', tonumber(ARGV[2]))}
