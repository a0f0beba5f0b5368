-- ARGV: account, new secret, grace ms, by. The old one signs beside the new one until the grace is over.
local account, secret, grace, by = unpack(ARGV)
local old = redis.call('HGET', key('account', account), 'webhook_secret')
if not old then return 0 end
if old == secret then return 1 end  -- sent twice
redis.call('HSET', key('account', account), 'webhook_secret', secret, 'old_webhook_secret', old, 'old_webhook_secret_until_ms',
  text(now_ms + tonumber(grace)))
audit(account, 'webhook_secret.rotated', account, by)
return 1
