-- Removes everything up to and including the cursor. Returns how many envelopes that were, without notices; nothing when the
-- mailbox never gave out this cursor.
-- KEYS: the mailbox's state, its envelopes, its senders' shares. ARGV: the cursor.
local PIECE = 100
local last = tonumber(redis.call('HGET', KEYS[1], 'last') or '0')
if tonumber(ARGV[1]) > last then return false end
local removed, delivered, shares = 0, 0, {}
local entries
repeat
    entries = redis.call('XRANGE', KEYS[2], '-', ARGV[1], 'COUNT', PIECE)
    local ids = {}
    for number, entry in ipairs(entries) do
        local bytes, account = #entry[2][4], entry[2][10]
        ids[number] = entry[1]
        removed = removed + bytes
        if entry[2][3] == 'envelope' then delivered = delivered + 1 end
        if account then
            local share = shares[account] or { 0, 0 }
            shares[account] = { share[1] + 1, share[2] + bytes }
        end
    end
    if #ids > 0 then redis.call('XDEL', KEYS[2], unpack(ids)) end
until #entries < PIECE
if removed == 0 then return 0 end
redis.call('HINCRBY', KEYS[1], 'bytes', -removed)
if redis.call('XLEN', KEYS[2]) == 0 then
    redis.call('DEL', KEYS[3])
else
    for account, share in pairs(shares) do
        redis.call('HINCRBY', KEYS[3], 'n:' .. account, -share[1])
        redis.call('HINCRBY', KEYS[3], 'b:' .. account, -share[2])
    end
end
return delivered
