-- ARGV: limit, lease ms, most of a line, most of an account, how many of each are under way (JSON).
-- Messages that are due, each with its secrets, a few of every line; they come due again if nobody says what came of them.
local limit, lease, busy = tonumber(ARGV[1]), tonumber(ARGV[2]), cjson.decode(ARGV[5])
local found = {}

local function has_room(name, most)
  return #found < limit and (busy[name] or 0) < most
end

-- What can be sent of a message: its record, its secrets, where to, its job. Nothing if its endpoint is gone or disabled.
local function sendable(delivery)
  local held = redis.call('HMGET', key('delivery', delivery), 'endpoint', 'account', 'forced', 'job')
  local owner, prefix = key('hook', held[1] or ''), ''
  if held[1] == 'job' then owner, prefix = key('account', held[2]), 'webhook_' end
  local secret = redis.call('HMGET', owner, prefix .. 'secret', 'old_' .. prefix .. 'secret', 'old_' .. prefix .. 'secret_until_ms',
    'disabled_ms', 'url')
  if not held[1] or not secret[1] or (secret[4] and not held[3]) then return nil end
  local old = (secret[3] and tonumber(secret[3]) > now_ms) and secret[2] or ''
  local told = key('job', held[4])
  local job = redis.call('EXISTS', told) == 1 and whole(told) or ''
  return {delivery, whole(key('delivery', delivery)), secret[1], old, secret[5] or '', job}
end

for _, line in ipairs(redis.call('ZRANGEBYSCORE', key('lines'), '-inf', now_ms)) do
  local account = string.match(line, '^[^|]*')
  while has_room(line, tonumber(ARGV[3])) and has_room(account, tonumber(ARGV[4])) do
    local delivery = redis.call('ZRANGEBYSCORE', key('line', line), '-inf', now_ms, 'LIMIT', 0, 1)[1]
    if not delivery then break end
    local sent = sendable(delivery)
    if sent then
      redis.call('ZADD', key('line', line), now_ms + lease, delivery)
      found[#found + 1], busy[line], busy[account] = sent, (busy[line] or 0) + 1, (busy[account] or 0) + 1
    else
      redis.call('ZREM', key('line', line), delivery)
      redis.call('DEL', key('delivery', delivery))
    end
  end
  note_first_of(line)
end
return found
