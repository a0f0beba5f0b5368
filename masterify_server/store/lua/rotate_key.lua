-- ARGV: account, old key id, grace ms, by, new key id, digest, prefix, last4. Name, kind and scopes stay.
local account, old, grace, by, id, digest, prefix, last4 = unpack(ARGV)
local before = made_before(account, id, digest)
if before then return before == 'OK' and 1 or 0 end
local held = redis.call('HMGET', key('key', old), 'account_id', 'revoked_ms', 'name', 'kind', 'scopes')
if held[1] ~= account or held[2] then return 0 end
redis.call('HSET', key('key', id), 'account_id', account, 'key_id', id, 'digest', digest, 'created_ms', text(now_ms),
  'prefix', prefix, 'last4', last4, 'name', held[3], 'kind', held[4], 'scopes', held[5])
redis.call('SET', key('digest', digest), id)
redis.call('HSET', key('key', old), 'revoked_ms', text(now_ms + tonumber(grace)))
redis.call('SREM', key('account', account, 'keys'), old)
redis.call('SADD', key('account', account, 'keys'), id)
redis.call('ZADD', key('account', account, 'all_keys'), now_ms, id)
audit(account, 'key.rotated', old, by)
return 1
