-- ARGV: account, name, plan, credits, webhook secret, by
local account, name, plan, credits, secret, by = unpack(ARGV)
if redis.call('EXISTS', key('account', account)) == 1 then return 0 end
redis.call('HSET', key('account', account), 'account_id', account, 'name', name, 'plan', plan, 'credits', 0,
  'webhook_secret', secret, 'created_ms', text(now_ms))
redis.call('ZADD', key('accounts'), now_ms, account)
if tonumber(credits) ~= 0 then book(account, 'grant', tonumber(credits), '', 'first credits') end
audit(account, 'account.created', plan, by)
return 1
