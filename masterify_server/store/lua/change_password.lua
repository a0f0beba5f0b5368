-- ARGV: email, hash of the password that was asked for, hash of the new one, session to keep. Ends all other sessions.
local email, old, new, keep = unpack(ARGV)
local held = redis.call('HMGET', key('user', email), 'account_id', 'password_hash')
if not held[1] or held[2] ~= old then return 0 end
redis.call('HSET', key('user', email), 'password_hash', new)
end_sessions(email, '', keep)
audit(held[1], 'user.changed', email, email)
return 1
