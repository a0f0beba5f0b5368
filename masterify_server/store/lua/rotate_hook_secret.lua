-- ARGV: account, hook, new secret, grace ms, by. The old one signs beside the new one until the grace is over.
local account, hook, secret, grace, by = unpack(ARGV)
local held = redis.call('HMGET', key('hook', hook), 'account_id', 'secret')
if held[1] ~= account then return false end
if held[2] == secret then return whole(key('hook', hook)) end  -- sent twice
redis.call('HSET', key('hook', hook), 'secret', secret, 'old_secret', held[2], 'old_secret_until_ms', text(now_ms + tonumber(grace)))
audit(account, 'webhook.secret_rotated', hook, by)
return whole(key('hook', hook))
