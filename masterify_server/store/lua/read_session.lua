-- ARGV: digest of the session's id, idle ms. Whose it is; being asked for puts its idle end off, written once a minute.
local record = key('session', ARGV[1])
local held = redis.call('HMGET', record, 'until_ms', 'seen_ms')
local left = tonumber(held[1] or 0) - now_ms
if left <= 0 then return '{}' end
if math.abs(now_ms - tonumber(held[2])) >= 60000 then
  redis.call('HSET', record, 'seen_ms', text(now_ms))
  redis.call('PEXPIRE', record, math.min(left, tonumber(ARGV[2])))
end
return whole(record)
