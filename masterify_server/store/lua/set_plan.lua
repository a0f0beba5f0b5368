-- ARGV: account, plan, by
local account, plan, by = unpack(ARGV)
if redis.call('EXISTS', key('account', account)) == 0 then return 0 end
redis.call('HSET', key('account', account), 'plan', plan)
audit(account, 'plan.set', plan, by)
return 1
