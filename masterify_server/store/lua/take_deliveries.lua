-- ARGV: limit, lease ms. Messages that are due, each with its secrets; they come due again if nobody says what came of them.
local found = {}
for _, delivery in ipairs(redis.call('ZRANGEBYSCORE', key('deliveries'), '-inf', now_ms, 'LIMIT', 0, ARGV[1])) do
  local held = redis.call('HMGET', key('delivery', delivery), 'endpoint', 'account', 'forced')
  local owner, prefix = key('hook', held[1] or ''), ''
  if held[1] == 'job' then owner, prefix = key('account', held[2]), 'webhook_' end
  local secret = redis.call('HMGET', owner, prefix .. 'secret', 'old_' .. prefix .. 'secret', 'old_' .. prefix .. 'secret_until_ms',
    'disabled_ms', 'url')
  if not held[1] or not secret[1] or (secret[4] and not held[3]) then
    redis.call('ZREM', key('deliveries'), delivery)
    redis.call('DEL', key('delivery', delivery))
  else
    redis.call('ZADD', key('deliveries'), now_ms + tonumber(ARGV[2]), delivery)
    local record = whole(key('delivery', delivery))
    local old = (secret[3] and tonumber(secret[3]) > now_ms) and secret[2] or ''
    local told = key('job', redis.call('HGET', key('delivery', delivery), 'job'))
    local job = redis.call('EXISTS', told) == 1 and whole(told) or ''
    found[#found + 1] = {delivery, record, secret[1], old, secret[5] or '', job}
  end
end
return found
