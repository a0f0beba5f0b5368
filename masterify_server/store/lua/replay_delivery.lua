-- ARGV: account, hook ('job' = an address given with a job), message. Sent again now, from the beginning of the schedule, even if the endpoint is disabled.
local account, hook, message = unpack(ARGV)
local delivery = hook .. '|' .. message
local record = key('delivery', delivery)
if redis.call('HGET', record, 'account') ~= account then return 0 end
if hook ~= 'job' and redis.call('EXISTS', key('hook', hook)) == 0 then return 0 end
redis.call('PERSIST', record)
redis.call('HSET', record, 'tries', 0, 'forced', 1)
wait_in(line_of(account, hook), now_ms, delivery)
redis.call('PUBLISH', key('deliver'), delivery)
return 1
