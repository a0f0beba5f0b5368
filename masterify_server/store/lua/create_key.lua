-- ARGV: account, key id, digest, plans, by, fields of the record...
local account, id, digest, plans, by = unpack(ARGV, 1, 5)
local plan = redis.call('HGET', key('account', account), 'plan')
if not plan then return {'UNKNOWN_ACCOUNT'} end
local limits = limits_of(plans, plan)
if not limits then return {'UNKNOWN_PLAN'} end
local before = made_before(account, id, digest)
if before then return {before} end
local limit = limits.api_keys
if redis.call('SCARD', key('account', account, 'keys')) >= limit then return {'KEY_LIMIT', limit} end
redis.call('HSET', key('key', id), 'account_id', account, 'digest', digest, 'created_ms', text(now_ms), unpack(ARGV, 6))
redis.call('SET', key('digest', digest), id)
redis.call('SADD', key('account', account, 'keys'), id)
redis.call('ZADD', key('account', account, 'all_keys'), now_ms, id)
audit(account, 'key.created', id, by)
return {'OK'}
