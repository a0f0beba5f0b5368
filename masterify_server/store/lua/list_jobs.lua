-- ARGV: account, limit, after ('' = newest), status ('' = all). Newest first; one more than asked for tells that there are more.
local account, limit, after, status = unpack(ARGV)
local top = '+inf'
if after ~= '' then
  local held = redis.call('HMGET', key('job', after), 'account_id', 'place')
  if held[1] ~= account then return false end
  top = '(' .. held[2]
end
local list = status == '' and key('account', account, 'jobs') or key('account', account, 'jobs', status)
local found = {}
for _, job in ipairs(redis.call('ZREVRANGEBYSCORE', list, top, '-inf', 'LIMIT', 0, tonumber(limit) + 1)) do
  found[#found + 1] = whole(key('job', job))
end
return found
