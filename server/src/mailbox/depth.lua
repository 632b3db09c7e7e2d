-- What lies in some mailboxes: envelopes, bytes, and when the oldest was accepted (ms; '' when there is none).
-- KEYS, for each mailbox: its state, its envelopes.
local text = function(number) return string.format('%.0f', number) end
local envelopes, bytes, oldest = 0, 0, nil
for i = 1, #KEYS / 2 do
    local state, stream = KEYS[2 * i - 1], KEYS[2 * i]
    local count = redis.call('XLEN', stream)
    -- The whole stream may have reached the end of its life.
    if count > 0 then
        envelopes = envelopes + count
        bytes = bytes + tonumber(redis.call('HGET', state, 'bytes') or '0')
        local first = tonumber(redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1][2][2])
        if oldest == nil or first < oldest then oldest = first end
    end
end
return { text(envelopes), text(bytes), oldest and text(oldest) or '' }
