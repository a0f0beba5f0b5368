-- ARGV: job. What the next queue entry of a waiting job is called; nothing if it does not wait.
local held = redis.call('HMGET', key('job', ARGV[1]), 'status', 'attempt', 'dispatch')
if held[1] ~= 'queued' then
  redis.call('ZREM', key('outbox'), ARGV[1])
  return false
end
return ARGV[1] .. '_' .. held[2] .. '_' .. held[3]
