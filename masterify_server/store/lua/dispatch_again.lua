-- ARGV: job. Its queue entry was lost: the next one has another name.
if redis.call('HGET', key('job', ARGV[1]), 'status') ~= 'queued' then return 0 end
redis.call('HINCRBY', key('job', ARGV[1]), 'dispatch', 1)
ask_for_dispatch(ARGV[1])
return 1
