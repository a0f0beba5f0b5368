-- ARGV: version of this program. Answers the version of what is stored; writes it where there is nothing yet.
redis.call('SET', key('schema'), ARGV[1], 'NX')
return tonumber(redis.call('GET', key('schema')))
