-- ARGV: account. The record, then how much of each limit is used.
local account = ARGV[1]
local record = redis.call('HGETALL', key('account', account))
if #record == 0 then return false end
return {record, redis.call('ZCARD', key('account', account, 'active')), redis.call('SCARD', key('account', account, 'keys')),
  redis.call('SCARD', key('account', account, 'hooks')), redis.call('ZCARD', key('account', account, 'jobs'))}
