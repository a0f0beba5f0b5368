-- ARGV: 'in:JOB' or 'out:JOB', keep record ms
redis.call('ZREM', key('expiring'), ARGV[1])
local job = string.match(ARGV[1], '^out:(.*)$')
if job then redis.call('ZADD', key('forgettable'), now_ms + tonumber(ARGV[2]), job) end
return 1
