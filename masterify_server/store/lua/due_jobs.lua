-- ARGV: outbox age ms, queued age ms, limit. Jobs not dispatched; whose lease has run out; that wait for long.
-- What was written "later" than now (and by more than leases may) was written before the clock was set back.
local function due(name, age, ahead)
  local found = redis.call('ZRANGEBYSCORE', key(name), '-inf', now_ms - age, 'LIMIT', 0, ARGV[3])
  for _, job in ipairs(redis.call('ZRANGEBYSCORE', key(name), '(' .. text(now_ms + ahead), '+inf', 'LIMIT', 0, ARGV[3])) do
    found[#found + 1] = job
  end
  return found
end
return {due('outbox', tonumber(ARGV[1]), 0), due('leases', 0, LONGEST_LEASE_MS), due('queued', tonumber(ARGV[2]), 0)}
