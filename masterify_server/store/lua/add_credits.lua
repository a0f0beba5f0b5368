-- ARGV: account, amount, note, by, most. Answers the new balance, or why not.
local account, amount, note, by, most = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5])
local credits = redis.call('HGET', key('account', account), 'credits')
if not credits then return {'UNKNOWN_ACCOUNT'} end
if tonumber(credits) + amount < 0 then return {'INSUFFICIENT_CREDITS', tonumber(credits)} end
if tonumber(credits) + amount > most then return {'CREDIT_LIMIT', tonumber(credits), most} end
local left = book(account, amount < 0 and 'take' or 'grant', amount, '', note)
audit(account, 'credits.added', text(amount), by)
return {'OK', left}
