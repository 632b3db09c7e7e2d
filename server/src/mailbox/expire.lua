-- Removes envelopes past their life from one mailbox and tells their senders. Whoever comes second finds them gone and
-- tells nobody. Returns how many envelopes it removed, without notices.
-- KEYS: the mailbox's state, its envelopes, the mailboxes by expiry, its senders' shares, then for each candidate its sender's state and
-- envelopes (the mailbox's own where there is nobody to tell).
-- ARGV: device, now and the life of an envelope (ms), the limits by count and bytes, then for each candidate: its place
-- in the stream, the sender's device or '', the notice.
local state, envelopes, by_expiry, shares = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local device, now, life = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local envelopes_max, bytes_max = tonumber(ARGV[4]), tonumber(ARGV[5])
local text = function(number) return string.format('%.0f', number) end
local expired = 0

for i = 1, (#KEYS - 4) / 2 do
    local their_state, theirs = KEYS[2 * i + 3], KEYS[2 * i + 4]
    local place, sender, notice = ARGV[3 * i + 3], ARGV[3 * i + 4], ARGV[3 * i + 5]
    local entry = redis.call('XRANGE', envelopes, place, place)[1]
    if entry then
        redis.call('XDEL', envelopes, place)
        if entry[2][3] == 'envelope' then expired = expired + 1 end
        redis.call('HINCRBY', state, 'bytes', -#entry[2][4])
        local account = entry[2][10]
        if account then
            redis.call('HINCRBY', shares, 'n:' .. account, -1)
            redis.call('HINCRBY', shares, 'b:' .. account, -#entry[2][4])
        end
        local count = redis.call('XLEN', theirs)
        -- The whole stream may have reached the end of its life.
        local bytes = (count > 0 and tonumber(redis.call('HGET', their_state, 'bytes') or '0') or 0) + #notice
        if sender ~= '' and count < envelopes_max and bytes <= bytes_max then
            local last = math.max(now, tonumber(redis.call('HGET', their_state, 'last') or '0') + 1)
            redis.call('XADD', theirs, text(last) .. '-0', 'accepted_ms', text(last), 'notice', notice)
            redis.call('HSET', their_state, 'last', text(last), 'bytes', text(bytes))
            redis.call('PEXPIRE', theirs, text(2 * life))
            redis.call('ZADD', by_expiry, 'NX', text(now + life), sender)
            redis.call('PUBLISH', 'cliquet:wake', sender)
        end
    end
end
local first = redis.call('XRANGE', envelopes, '-', '+', 'COUNT', 1)[1]
if first then
    redis.call('ZADD', by_expiry, text(tonumber(first[2][2]) + life), device)
else
    redis.call('ZREM', by_expiry, device)
end
return expired
