-- ARGV: beginnings of names that are left out... Every other key as JSON, in one moment; the store stands still meanwhile.
local found, cursor = {}, '0'
local function wanted(name)
  for _, begins in ipairs(ARGV) do
    if string.sub(name, 1, #begins) == begins then return false end
  end
  return true
end
repeat
  local page = redis.call('SCAN', cursor, 'MATCH', P .. '*', 'COUNT', 1000)
  cursor = page[1]
  for _, full in ipairs(page[2]) do
    local name = string.sub(full, #P + 1)
    if wanted(name) then
      local kind = redis.call('TYPE', full).ok
      local value
      if kind == 'string' then value = {redis.call('GET', full)}
      elseif kind == 'hash' then value = redis.call('HGETALL', full)
      elseif kind == 'set' then value = redis.call('SMEMBERS', full)
      elseif kind == 'zset' then value = redis.call('ZRANGE', full, 0, -1, 'WITHSCORES')
      elseif kind == 'stream' then value = redis.call('XRANGE', full, '-', '+') end
      local left = redis.call('PTTL', full)
      found[#found + 1] = {name, kind, cjson.encode(value), left > 0 and now_ms + left or 0}
    end
  end
until cursor == '0'
return found
