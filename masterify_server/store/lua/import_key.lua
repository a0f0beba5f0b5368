-- ARGV: name, kind, value as JSON, expiry (ms since 1970, 0 = none)
local full, kind, value, expiry = P .. ARGV[1], ARGV[2], cjson.decode(ARGV[3]), tonumber(ARGV[4])
if expiry > 0 and expiry <= now_ms then return 0 end
redis.call('DEL', full)
if kind == 'string' then redis.call('SET', full, value[1])
elseif kind == 'hash' then for n = 1, #value, 2 do redis.call('HSET', full, value[n], value[n + 1]) end
elseif kind == 'set' then for _, each in ipairs(value) do redis.call('SADD', full, each) end
elseif kind == 'zset' then for n = 1, #value, 2 do redis.call('ZADD', full, value[n + 1], value[n]) end
elseif kind == 'stream' then for _, entry in ipairs(value) do redis.call('XADD', full, entry[1], unpack(entry[2])) end end
if expiry > 0 then redis.call('PEXPIREAT', full, text(expiry)) end
return 1
