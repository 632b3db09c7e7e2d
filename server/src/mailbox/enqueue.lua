-- Puts every item into its mailbox, or none.
-- KEYS, for each item: its mailbox's state, its mailbox's envelopes, the memory of its id; then the mailboxes by expiry.
-- ARGV: now and the life of an envelope (ms), the limits by count and bytes, then for each item: device, digest,
-- accepted_ms, json, id, sender's device.
-- What is past its life still takes room here: whoever is told 'full' expires it and asks again.
local now, life = tonumber(ARGV[1]), tonumber(ARGV[2])
local envelopes_max, bytes_max = tonumber(ARGV[3]), tonumber(ARGV[4])
local text = function(number) return string.format('%.0f', number) end

local accepted = nil
local oldest = function(ms) if accepted == nil or ms < accepted then accepted = ms end end
local fresh, mailboxes, in_order, remembered = {}, {}, {}, {}

for i = 1, (#KEYS - 1) / 3 do
    local state, envelopes, memory = KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i]
    local item = { device = ARGV[6 * i - 1], digest = ARGV[6 * i], at = tonumber(ARGV[6 * i + 1]), json = ARGV[6 * i + 2] }
    item.id, item.sender = ARGV[6 * i + 3], ARGV[6 * i + 4]
    local known = remembered[memory] or redis.call('GET', memory)
    if known then
        local digest, at = string.match(known, '^(%x+) (%d+)$')
        if digest ~= item.digest then return { 'id-reused' } end
        oldest(tonumber(at))
    else
        local mailbox = mailboxes[state]
        if not mailbox then
            mailbox = { state = state, envelopes = envelopes, device = item.device, count = redis.call('XLEN', envelopes) }
            mailbox.last = tonumber(redis.call('HGET', state, 'last') or '0')
            -- The whole stream may have reached the end of its life.
            mailbox.bytes = mailbox.count > 0 and tonumber(redis.call('HGET', state, 'bytes') or '0') or 0
            mailboxes[state] = mailbox
            in_order[#in_order + 1] = mailbox
        end
        mailbox.count = mailbox.count + 1
        mailbox.bytes = mailbox.bytes + #item.json
        item.mailbox, item.memory = mailbox, memory
        fresh[#fresh + 1] = item
        remembered[memory] = item.digest .. ' ' .. text(item.at)
        oldest(item.at)
    end
end

for _, mailbox in ipairs(in_order) do
    if mailbox.count > envelopes_max or mailbox.bytes > bytes_max then return { 'full' } end
end

for _, item in ipairs(fresh) do
    local mailbox = item.mailbox
    mailbox.last = math.max(item.at, mailbox.last + 1)
    -- Its age is counted from its cursor: what came while the clock was set back is not old when the clock is right.
    redis.call('XADD', mailbox.envelopes, text(mailbox.last) .. '-0', 'accepted_ms', text(mailbox.last), 'envelope', item.json,
        'id', item.id, 'sender', item.sender)
    redis.call('SET', item.memory, remembered[item.memory], 'PX', text(life))
end
for _, mailbox in ipairs(in_order) do
    redis.call('HSET', mailbox.state, 'last', text(mailbox.last), 'bytes', text(mailbox.bytes))
    -- Each is removed, and its sender told, in its time. This is for a mailbox of which nobody ever hears again.
    redis.call('PEXPIRE', mailbox.envelopes, text(2 * life))
    redis.call('ZADD', KEYS[#KEYS], 'NX', text(now + life), mailbox.device)
    redis.call('PUBLISH', 'cliquet:wake', mailbox.device)
end
return { 'accepted', text(accepted or now) }
