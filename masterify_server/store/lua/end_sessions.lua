-- ARGV: email, digest of the only one to end ('' is all), digest of one to keep. How many were ended.
return end_sessions(ARGV[1], ARGV[2], ARGV[3])
