-- ARGV: account. Records of all keys, revoked ones too, oldest first.
local found = {}
for _, id in ipairs(redis.call('ZRANGE', key('account', ARGV[1], 'all_keys'), 0, -1)) do
  found[#found + 1] = whole(key('key', id))
end
return found
