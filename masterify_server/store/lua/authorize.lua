-- ARGV: digest of a key, plans, job ('' = none). Whose key it is, what the account has, whether the plan's rate lets it ask
-- now; and, if it does and the job is the account's own, that job: what is asked most often takes one trip.
local id = redis.call('GET', key('digest', ARGV[1]))
if not id then return false end
local held = redis.call('HMGET', key('key', id), 'account_id', 'revoked_ms', 'kind', 'scopes', 'last_used_ms')
if not held[1] or (held[2] and tonumber(held[2]) <= now_ms) then return false end
local account = redis.call('HMGET', key('account', held[1]), 'plan', 'credits', 'name')
local limits = limits_of(ARGV[2], account[1])
local limit = limits and limits.requests_per_minute or 1  -- who has no plan is told so, once a minute
if not held[5] or now_ms - tonumber(held[5]) >= 60000 then
  redis.call('HSET', key('key', id), 'last_used_ms', text(now_ms))
end
local rate = take_turn(key('rate', held[1]), limit, 60000)
local job = false
if ARGV[3] ~= '' and rate[1] == 1 and redis.call('HGET', key('job', ARGV[3]), 'account_id') == held[1] then
  job = whole(key('job', ARGV[3]))
end
local caller = {held[1], account[3], account[1], tonumber(account[2]), redis.call('ZCARD', key('account', held[1], 'active')), id,
  held[3], held[4], rate}
return {cjson.encode(caller), job}
