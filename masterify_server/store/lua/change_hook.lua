-- ARGV: account, hook, enabled ('1', '0', '' = as it is), by, fields of the record...
local account, hook, enabled, by = unpack(ARGV, 1, 4)
local record = key('hook', hook)
if redis.call('HGET', record, 'account_id') ~= account then return false end
if #ARGV > 4 then redis.call('HSET', record, unpack(ARGV, 5)) end
if enabled == '1' then
  redis.call('HDEL', record, 'disabled_ms', 'disabled_reason', 'failing_since_ms')
elseif enabled == '0' and redis.call('HEXISTS', record, 'disabled_ms') == 0 then
  redis.call('HSET', record, 'disabled_ms', text(now_ms), 'disabled_reason', 'owner')
end
audit(account, 'webhook.changed', hook, by)
return whole(record)
