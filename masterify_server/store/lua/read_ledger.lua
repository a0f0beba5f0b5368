-- ARGV: account, limit, after ('' = newest). Newest first.
local start = ARGV[3] == '' and '+' or '(' .. ARGV[3]
return redis.call('XREVRANGE', key('account', ARGV[1], 'ledger'), start, '-', 'COUNT', ARGV[2])
