-- ARGV: account
local found = {}
for _, hook in ipairs(redis.call('SMEMBERS', key('account', ARGV[1], 'hooks'))) do
  found[#found + 1] = whole(key('hook', hook))
end
return found
