-- ARGV: account, key id, name, by.
local account, id, name, by = unpack(ARGV)
if redis.call('HGET', key('key', id), 'account_id') ~= account then return 0 end
redis.call('HSET', key('key', id), 'name', name)
audit(account, 'key.renamed', id, by)
return 1
