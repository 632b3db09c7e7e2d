-- Removes what one account sent and is not acknowledged, but for what it sent as a bearer of a token. Nobody is told.
-- KEYS: the mailbox's state, its envelopes, its senders' shares. ARGV: the account.
local removed, from = 0, '-'
local stay, stay_bytes = 0, 0
while true do
    local entries = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', 100)
    if #entries == 0 then break end
    for _, entry in ipairs(entries) do
        if entry[2][10] == ARGV[1] then
            local bytes = #entry[2][4]
            if entry[2][12] == 'bearer' then
                stay, stay_bytes = stay + 1, stay_bytes + bytes
            else
                removed = removed + bytes
                redis.call('XDEL', KEYS[2], entry[1])
            end
        end
        from = '(' .. entry[1]
    end
end
if removed == 0 then return 'dropped' end
redis.call('HINCRBY', KEYS[1], 'bytes', -removed)
if stay == 0 then
    redis.call('HDEL', KEYS[3], 'n:' .. ARGV[1], 'b:' .. ARGV[1])
else
    redis.call('HSET', KEYS[3], 'n:' .. ARGV[1], stay, 'b:' .. ARGV[1], stay_bytes)
end
return 'dropped'
