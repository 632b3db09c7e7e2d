-- Removes what one account sent and is not acknowledged. Nobody is told.
-- KEYS: the mailbox's state, its envelopes, its senders' shares. ARGV: the account.
local removed, from = 0, '-'
while true do
    local entries = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', 100)
    if #entries == 0 then break end
    for _, entry in ipairs(entries) do
        if entry[2][10] == ARGV[1] then
            removed = removed + #entry[2][4]
            redis.call('XDEL', KEYS[2], entry[1])
        end
        from = '(' .. entry[1]
    end
end
redis.call('HDEL', KEYS[3], 'n:' .. ARGV[1], 'b:' .. ARGV[1])
if removed > 0 then redis.call('HINCRBY', KEYS[1], 'bytes', -removed) end
return 'dropped'
