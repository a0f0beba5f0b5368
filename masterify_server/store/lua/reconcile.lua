-- ARGV: account. The balance, the sum of the ledger, and what is wrong with single jobs: charged or paid back twice.
local account = ARGV[1]
local credits = redis.call('HGET', key('account', account), 'credits')
if not credits then return false end
local sum, wrong, seen = 0, {}, {}
for _, entry in ipairs(redis.call('XRANGE', key('account', account, 'ledger'), '-', '+')) do
  local row = {}
  for n = 1, #entry[2], 2 do row[entry[2][n]] = entry[2][n + 1] end
  sum = sum + tonumber(row.amount)
  if tonumber(row.balance) ~= sum then wrong[#wrong + 1] = 'balance after ' .. entry[1] end
  if row.job ~= '' then
    local mark = row.kind .. ' ' .. row.job
    if seen[mark] then wrong[#wrong + 1] = mark .. ' twice' end
    seen[mark] = true
  end
end
return {tonumber(credits), sum, wrong}
