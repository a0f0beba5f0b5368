-- ARGV: delivery, delivered (1, 0), status, error, took ms, delay to the next try in ms (-1 = none), gone (1, 0),
--       failing for so long disables (ms), keep ms. Answers why the endpoint was disabled, or ''.
local delivery, delivered, status, failure, took, delay, gone, patience, keep = unpack(ARGV)
local record = key('delivery', delivery)
local held = redis.call('HMGET', record, 'endpoint', 'account', 'event', 'message', 'job')
if not held[1] then return '' end
local try = redis.call('HINCRBY', record, 'tries', 1)
local log = held[1] == 'job' and key('account', held[2], 'tries') or key('hook', held[1], 'tries')
local hook, disabled = key('hook', held[1]), ''
local known = redis.call('EXISTS', hook) == 1
if known and delivered == '1' then
  redis.call('HDEL', hook, 'failing_since_ms')
elseif known then
  redis.call('HSETNX', hook, 'failing_since_ms', text(now_ms))
  local since = tonumber(redis.call('HGET', hook, 'failing_since_ms'))
  if gone == '1' then disabled = 'gone' elseif now_ms - since >= tonumber(patience) then disabled = 'failing' end
  if disabled ~= '' and redis.call('HEXISTS', hook, 'disabled_ms') == 0 then
    redis.call('HSET', hook, 'disabled_ms', text(now_ms), 'disabled_reason', disabled)
    audit(held[2], 'webhook.disabled', held[1], disabled)
  end
end
local over = delivered == '1' or tonumber(delay) < 0 or gone == '1' or disabled ~= ''
local next_ms = over and '' or text(now_ms + tonumber(delay))
local line = line_of(held[2], held[1])
if over then
  redis.call('ZREM', key('line', line), delivery)
  note_first_of(line)
  redis.call('PEXPIRE', record, keep)
else
  wait_in(line, next_ms, delivery)
end
if known or held[1] == 'job' then
  redis.call('XADD', log, 'MAXLEN', 200, '*', 'message', held[4], 'event', held[3], 'job', held[5], 'try', try, 'delivered', delivered,
    'status', status, 'error', failure, 'took_ms', took, 'next_ms', next_ms)
end
return disabled
