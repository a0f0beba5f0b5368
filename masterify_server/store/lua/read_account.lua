-- ARGV: account. The record, then how much of each limit is used.
local account = ARGV[1]
if redis.call('EXISTS', key('account', account)) == 0 then return false end
return {whole(key('account', account)), redis.call('ZCARD', key('account', account, 'active')), redis.call('SCARD', key('account', account, 'keys')),
  redis.call('SCARD', key('account', account, 'hooks')), redis.call('ZCARD', key('account', account, 'jobs'))}
