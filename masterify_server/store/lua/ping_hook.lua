-- ARGV: account, hook, message. A test message, sent even if the endpoint is disabled.
local account, hook, message = unpack(ARGV)
local held = redis.call('HMGET', key('hook', hook), 'account_id', 'url')
if held[1] ~= account then return 0 end
post(account, hook, held[2], 'webhook.test', message, '')
redis.call('HSET', key('delivery', hook .. '|' .. message), 'forced', 1)
return 1
