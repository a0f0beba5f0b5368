-- ARGV: account, hook, plans, by, fields of the record...
local account, hook, plans, by = unpack(ARGV, 1, 4)
local plan = redis.call('HGET', key('account', account), 'plan')
if not plan then return {'UNKNOWN_ACCOUNT'} end
local limits = limits_of(plans, plan)
if not limits then return {'UNKNOWN_PLAN'} end
local before = redis.call('HMGET', key('hook', hook), 'account_id', 'created_ms')
if before[1] then  -- the same request a moment ago makes nothing new
  local again = before[1] == account and math.abs(now_ms - tonumber(before[2])) < 120000
  return again and {'OK', whole(key('hook', hook))} or {'WEBHOOK_EXISTS'}
end
local limit = limits.webhooks
if redis.call('SCARD', key('account', account, 'hooks')) >= limit then return {'WEBHOOK_LIMIT', limit} end
redis.call('HSET', key('hook', hook), 'webhook_id', hook, 'account_id', account, 'created_ms', text(now_ms), unpack(ARGV, 5))
redis.call('SADD', key('account', account, 'hooks'), hook)
audit(account, 'webhook.created', hook, by)
return {'OK', whole(key('hook', hook))}
