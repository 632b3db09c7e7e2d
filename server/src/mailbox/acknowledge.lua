-- Removes everything up to and including the cursor.
-- KEYS: the mailbox's state, its envelopes, its senders' shares. ARGV: the cursor.
local last = tonumber(redis.call('HGET', KEYS[1], 'last') or '0')
if tonumber(ARGV[1]) > last then return 'unknown-cursor' end
local removed = 0
while true do
    local entries = redis.call('XRANGE', KEYS[2], '-', ARGV[1], 'COUNT', 100)
    if #entries == 0 then break end
    for _, entry in ipairs(entries) do
        removed = removed + #entry[2][4]
        redis.call('XDEL', KEYS[2], entry[1])
        local account = entry[2][10]
        if account then
            redis.call('HINCRBY', KEYS[3], 'n:' .. account, -1)
            redis.call('HINCRBY', KEYS[3], 'b:' .. account, -#entry[2][4])
        end
    end
end
if redis.call('XLEN', KEYS[2]) == 0 then redis.call('DEL', KEYS[3]) end
if removed > 0 then redis.call('HINCRBY', KEYS[1], 'bytes', -removed) end
return 'acknowledged'
