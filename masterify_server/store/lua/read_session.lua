-- ARGV: digest of the session's id
return whole(key('session', ARGV[1]))
