-- ARGV: email. {digest, record} of every session that has not ended.
local found = {}
for _, session in ipairs(redis.call('SMEMBERS', key('user', ARGV[1], 'sessions'))) do
  if redis.call('EXISTS', key('session', session)) == 1 then found[#found + 1] = {session, whole(key('session', session))} end
end
return found
