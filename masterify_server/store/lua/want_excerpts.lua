-- ARGV: job, account, ms for which it is not told again. Tells the keeper that somebody wants to hear a done job; 0: there is nothing to hear.
-- Nothing is written down: if it is lost, whoever waits asks again.
local job, account, quiet_ms = unpack(ARGV)
local held = redis.call('HMGET', key('job', job), 'account_id', 'status', 'files_until_ms')
if held[1] ~= account or held[2] ~= 'done' or tonumber(held[3]) <= now_ms then return 0 end
if redis.call('SET', key('excerpts', job), '', 'NX', 'PX', quiet_ms) then redis.call('PUBLISH', key('excerpts'), job) end
return 1
