-- ARGV: job, account ('' = any), key id ('' = none asks). A key that has been revoked reads nothing.
local account = redis.call('HGET', key('job', ARGV[1]), 'account_id')
if not account or (ARGV[2] ~= '' and account ~= ARGV[2]) then return false end
if is_revoked(ARGV[3]) then return false end
return whole(key('job', ARGV[1]))
