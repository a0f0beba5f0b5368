-- ARGV: delivery, ms. Not now: its host is busy.
local held = redis.call('HMGET', key('delivery', ARGV[1]), 'account', 'endpoint')
local line = held[1] and line_of(held[1], held[2])
if not line or not redis.call('ZSCORE', key('line', line), ARGV[1]) then return 0 end
wait_in(line, now_ms + tonumber(ARGV[2]), ARGV[1])
return 1
