-- Puts every item into its mailbox, or none.
-- KEYS, for each item: its mailbox's state, its mailbox's envelopes, the memory of its id, its mailbox's shares and
-- strangers; then the mailboxes by expiry.
-- ARGV: now and the life of an envelope (ms), the limits by count and bytes, a sender's share of both, the limit of a
-- stranger, then for each item: device, digest, accepted_ms, json, id, sender's device, sender's account and its standing
-- (own, accepted, bearer, stranger).
-- What is past its life still takes room here: the caller that is told 'full' expires it and asks again.
local now, life = tonumber(ARGV[1]), tonumber(ARGV[2])
local envelopes_max, bytes_max = tonumber(ARGV[3]), tonumber(ARGV[4])
local share_envelopes, share_bytes, stranger_max = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local text = function(number) return string.format('%.0f', number) end

local accepted = nil
local oldest = function(ms) if accepted == nil or ms < accepted then accepted = ms end end
local fresh, mailboxes, in_order, remembered = {}, {}, {}, {}
-- Answers: the word, and the devices of all mailboxes that it concerns.
local unanswered, full = { 'unanswered' }, { 'full' }

for i = 1, (#KEYS - 1) / 5 do
    local state, envelopes, memory = KEYS[5 * i - 4], KEYS[5 * i - 3], KEYS[5 * i - 2]
    local shares, strangers = KEYS[5 * i - 1], KEYS[5 * i]
    local item = { device = ARGV[8 * i], digest = ARGV[8 * i + 1], at = tonumber(ARGV[8 * i + 2]), json = ARGV[8 * i + 3] }
    item.id, item.sender, item.account, item.standing = ARGV[8 * i + 4], ARGV[8 * i + 5], ARGV[8 * i + 6], ARGV[8 * i + 7]
    local known = remembered[memory] or redis.call('GET', memory)
    if known then
        local digest, at = string.match(known, '^(%x+) (%d+)$')
        if digest ~= item.digest then return { 'id-reused' } end
        oldest(tonumber(at))
    else
        local mailbox = mailboxes[state]
        if not mailbox then
            mailbox = { state = state, envelopes = envelopes, device = item.device, count = redis.call('XLEN', envelopes) }
            mailbox.shares, mailbox.strangers, mailbox.new, mailbox.uses = shares, strangers, {}, {}
            mailbox.was_empty = mailbox.count == 0
            local last, bytes = unpack(redis.call('HMGET', state, 'last', 'bytes'))
            mailbox.last = tonumber(last or '0')
            -- The whole stream may have reached the end of its life.
            mailbox.bytes = mailbox.count > 0 and tonumber(bytes or '0') or 0
            mailboxes[state] = mailbox
            in_order[#in_order + 1] = mailbox
        end
        local account = item.account
        if item.standing == 'stranger' then
            local new = mailbox.new[account] or 0
            local before = tonumber(redis.call('HGET', strangers, account) or '0')
            if before + new >= stranger_max then unanswered[#unanswered + 1] = item.device end
            mailbox.new[account] = new + 1
        end
        local use = mailbox.uses[account]
        if not use then
            use = { envelopes = 0, bytes = 0, limited = item.standing ~= 'own' }
            -- The whole stream may have reached the end of its life.
            if not mailbox.was_empty then
                local envelopes, bytes = unpack(redis.call('HMGET', shares, 'n:' .. account, 'b:' .. account))
                use.envelopes, use.bytes = tonumber(envelopes or '0'), tonumber(bytes or '0')
            end
            mailbox.uses[account] = use
        end
        use.envelopes, use.bytes = use.envelopes + 1, use.bytes + #item.json
        mailbox.count = mailbox.count + 1
        mailbox.bytes = mailbox.bytes + #item.json
        item.mailbox, item.memory = mailbox, memory
        fresh[#fresh + 1] = item
        remembered[memory] = item.digest .. ' ' .. text(item.at)
        oldest(item.at)
    end
end

if #unanswered > 1 then return unanswered end
for _, mailbox in ipairs(in_order) do
    local is_full = mailbox.count > envelopes_max or mailbox.bytes > bytes_max
    for _, use in pairs(mailbox.uses) do
        is_full = is_full or use.limited and (use.envelopes > share_envelopes or use.bytes > share_bytes)
    end
    if is_full then full[#full + 1] = mailbox.device end
end
if #full > 1 then return full end

for _, item in ipairs(fresh) do
    local mailbox = item.mailbox
    mailbox.last = math.max(item.at, mailbox.last + 1)
    -- Its age is counted from its cursor: what came while the clock was set back is not old when the clock is right.
    redis.call('XADD', mailbox.envelopes, text(mailbox.last) .. '-0', 'accepted_ms', text(mailbox.last), 'envelope', item.json,
        'id', item.id, 'sender', item.sender, 'account', item.account, 'standing', item.standing)
    redis.call('SET', item.memory, remembered[item.memory], 'PX', text(life))
end
for _, mailbox in ipairs(in_order) do
    redis.call('HSET', mailbox.state, 'last', text(mailbox.last), 'bytes', text(mailbox.bytes))
    -- Not before the first envelope: a script that has written is let go on when Redis has no memory left.
    if mailbox.was_empty then redis.call('DEL', mailbox.shares) end
    for account, use in pairs(mailbox.uses) do
        redis.call('HSET', mailbox.shares, 'n:' .. account, text(use.envelopes), 'b:' .. account, text(use.bytes))
    end
    redis.call('PEXPIRE', mailbox.shares, text(2 * life))
    for account, new in pairs(mailbox.new) do
        redis.call('HINCRBY', mailbox.strangers, account, new)
        redis.call('PEXPIRE', mailbox.strangers, text(life))
    end
    -- Each is removed, and its sender told, in its time. This is for a mailbox of which nobody ever hears again.
    redis.call('PEXPIRE', mailbox.envelopes, text(2 * life))
    redis.call('ZADD', KEYS[#KEYS], 'NX', text(now + life), mailbox.device)
    redis.call('PUBLISH', 'cliquet:wake', mailbox.device)
end
return { 'accepted', text(accepted or now), text(#fresh) }
