-- ARGV: account, key id, by. It stops working now and no longer counts against the limit.
local account, id, by = unpack(ARGV)
local held = redis.call('HMGET', key('key', id), 'account_id', 'revoked_ms')
if held[1] ~= account then return 0 end
if held[2] and tonumber(held[2]) <= now_ms then return 1 end
redis.call('HSET', key('key', id), 'revoked_ms', text(now_ms))
redis.call('SREM', key('account', account, 'keys'), id)
audit(account, 'key.revoked', id, by)
return 1
