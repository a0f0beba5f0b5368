-- ARGV: email
return whole(key('user', ARGV[1]))
