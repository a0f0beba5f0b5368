-- ARGV: digest of the session's id, email, password hash, lifetime ms, idle ms, agent, address. 0 if the password is another now.
local session, email, hash, lifetime, idle, agent, address = unpack(ARGV)
local held = redis.call('HMGET', key('user', email), 'account_id', 'password_hash')
if not held[1] or held[2] ~= hash then return 0 end
local record, all = key('session', session), key('user', email, 'sessions')
redis.call('HSET', record, 'email', email, 'account_id', held[1], 'created_ms', text(now_ms), 'seen_ms', text(now_ms),
  'until_ms', text(now_ms + tonumber(lifetime)), 'agent', agent, 'address', address)
redis.call('PEXPIRE', record, math.min(tonumber(lifetime), tonumber(idle)))
for _, other in ipairs(redis.call('SMEMBERS', all)) do  -- those that ended by themselves
  if redis.call('EXISTS', key('session', other)) == 0 then redis.call('SREM', all, other) end
end
redis.call('SADD', all, session)
redis.call('PEXPIRE', all, lifetime)
return 1
