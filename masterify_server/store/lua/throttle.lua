-- ARGV: name, limit, period ms
return take_turn(key('throttle', ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]))
