# The words of Cliquet in English. Every key is also in fr.ftl; a test compares them.
# Plain words: say what is, then what to do.

app-name = Cliquet
app-purpose = Sealed letters for the people you know: only you and they can read them.
date = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }

# Every page
skip-to-content = Skip to the content
language-choice = Language
language-en = English
language-fr = Français
close = Close
wasm-failed-title = Sealing does not work in this browser tab, so nothing can be sent.
wasm-failed-todo = Reload the page. If it stays like this, allow WebAssembly and scripts from this site, or try a current browser.
script-needed = Cliquet seals letters in your browser and needs scripts for it. Allow scripts from this site, then reload.

# Sign in, sign up
sign-in-title = Sign in
sign-in-action = Sign in
sign-in-other = No account yet?
sign-in-other-link = Make one
sign-up-title = Make an account
sign-up-action = Make my account
sign-up-other = You have an account?
sign-up-other-link = Sign in
sign-up-closed = This server takes new accounts only by invitation. Ask the person who runs it for a link.
sign-up-checking-invite = Looking at your invitation…
sign-up-invited = You were invited. Choose the address people know you by.
sign-up-signed-in = In this browser { $email } is signed in. A new account signs that one out here; its messages stay.
sign-up-signed-in-link = Back to the conversations
field-email = E-mail address
field-email-hint = It is your name here. Nothing is sent to it.
field-password = Password
field-password-again = The same password again
field-password-hint = At least 8 characters. Several words are stronger than one, and easier to remember.
password-stays = Your password never leaves this browser. Only a recovery key, which you make once you are in, can replace it.
transparency-link = What this server knows

# Home
home-title = Conversations
home-people = Contacts
home-menu = Menu
home-signed-in-as = Signed in as
home-status-connecting = Connecting…
sign-out = Sign out
devices-link = Devices and sign-ins
search-messages = Search your messages
search-words = Words to look for
search-hits = What was found, newest first
search-detail = Cliquet looks through what this browser keeps, here and nowhere else. What you look for is sent to nobody. Case and accents do not matter; of several words all must occur.
add-contact-label = Add someone by their address
add-contact-placeholder = name@example.org
add-contact-action = Find
contacts-empty-title = No contacts yet
contacts-empty-detail = Enter the address of someone who has an account here.
contact-requested = wants to write to you
contact-blocked = blocked
search-found = { $email } has an account here.
search-add = Add { $email }

# Conversation
conversation-title = Conversation with { $email }
conversation-with = Messages with { $email }
conversation-none-title = No conversation chosen
conversation-none-detail = Choose someone from your contacts, or add them by their address.
conversation-empty-title = No messages yet
conversation-empty-detail = What you write is sealed here and opened only by { $email }.
conversation-back = Back to contacts
conversation-menu = More about { $email }
block = Block
unblock = Unblock
keep-history = Keep this conversation in the history
keep-history-on = on
keep-history-off = off
keep-history-detail = Off: what is said from now on will not come back when this browser is cleared. What was kept before stays on the server for as long as your account.
unkept = Not in the history
request-title = { $email } wants to write to you.
request-detail = Accept only if you know who this is. You can block them later too. Decline deletes the request and what was written.
request-accept = Accept
request-decline = Decline
blocked-title = You blocked { $email }. They cannot write to you.
contact-deleted = The account { $email } was deleted. What you have of the conversation stays with you.
safety-number = Safety number
safety-number-detail = Compare these digits with { $email } when you meet or talk. If they are the same, nobody sits between you.
safety-number-waiting = The digits appear once you have met through a first message.
verify = These are the same digits
unverify = No longer verified
verified = Verified
key-changed-title = The safety number of { $email } changed.
key-changed-detail = A new account under the same address, or someone in between. Nothing is sent until you decide. Compare the new digits with them when you meet or talk.
key-changed-accept = Go on with the new number
key-changed-show = Show the new number
composer-label = Message to { $email }
composer-placeholder = Write a message
composer-hint = Enter sends, Shift+Enter breaks the line.
composer-send = Send

# A message's menu
read-more = Read more
unread-line = New messages
to-end = To the newest messages
message-menu = Actions for this message
react = React
react-other = Another emoji
message-reply = Reply
message-copy = Copy
message-edit = Edit
message-forward = Forward
message-delete = Delete
delete-message-title = Delete this message?
delete-message-detail = Deleted for everyone, its text goes from all devices of both of you as soon as they are online. Deleted for you, it goes from your own devices.
delete-for-everyone = Delete for everyone
delete-for-me = Delete for me
cancel = Cancel
forward-title = Forward to
forward-nobody = There is nobody to forward it to yet. Add a contact first.
emoji-search = Search emoji by name
purpose-leave = Leave this

# Devices and sign-ins
devices-title = Devices and sign-ins
devices-heading = Devices
devices-detail = Each browser you use is a device with keys of its own. Messages are sealed for every one of them.
devices-created = Added on { $date }
devices-last-seen = Last seen on { $date }
devices-this = This device
devices-revoke = Remove
devices-revoke-detail = This takes your password. The keys of what Cliquet keeps for you are made anew, so that the removed device opens nothing that is kept from then on.
devices-rename = Rename
devices-rename-hint = The server knows the names of your devices. Your contacts do not see them.
devices-rename-save = Save
devices-new-name = New name
sign-ins-heading = Sign-ins
sign-ins-detail = Where your account is open now. End one that you do not know.
sign-ins-of = on { $name }
sign-ins-created = Since { $date }
sign-ins-expires = ends on { $date }
sign-ins-this = This sign-in
sign-ins-end = End
sign-ins-end-name = End the sign-in of { $date }

# Recovery by the key of 24 words
recover-link = Forgot your password, or lost your devices?
recover-title = Recover your account
recover-purpose = With your recovery key of 24 words you choose a new password. Contacts and history come back with it.
recover-other-link = Back to sign-in
recover-make-room = You know your password, but have none of your devices any more?
recover-make-room-link = Remove a device and sign in

# A device removed by the password alone
make-room-title = Remove a device
make-room-purpose = An account has at most { $most } devices. If you have lost all of yours, your password is enough to make room for this browser.
make-room-show = Show my devices
make-room-heading = Devices of
make-room-detail = Choose those that you no longer have. They are signed out and get nothing more. What was kept only on them, and not in your history on this server, is lost. This cannot be undone.
make-room-room = There is room for another device. If you choose none, you just sign in.
make-room-action = Remove and sign in

# What is kept against loss
safety-title = Safe against loss
safety-recovery-since = You have one since { $date }. It opens your account when the password is lost.
safety-recovery-none = You have none. Without it, a lost password is a lost account.
safety-history-last = Last kept:
safety-history-used = { $used } of { $quota } MB used, sealed.
safety-history-none = Nothing is kept on the server yet.
safety-history-off = This server keeps no history. Your messages are on your devices alone.

# A link on another site
detour-title = Opening
detour-link = Open Cliquet

# What this server knows
transparency-title = What this server knows
transparency-intro = Cliquet seals messages in your browser. The server carries them like a post office: it cannot open them, but it sees the envelopes. Here is all of it.
transparency-envelopes-title = On every envelope
transparency-envelopes-who = who writes to whom, and from which device to which device
transparency-envelopes-when = when it arrived here
transparency-envelopes-size = its size, in steps of { $step } bytes
transparency-envelopes-keys = public keys, counters and random values that the other side needs to open it; they are of no use without the secret keys
transparency-envelopes-kept = An envelope is kept until the device it is for has it, at most { $days } days, then deleted.
transparency-account-title = About your account
transparency-account-address = your e-mail address, the public key of your account, and when you made it
transparency-account-devices = your devices: the name each was given, its public keys, when it was added, and the day it was last here; of one that you removed it keeps an entry, so that it never comes back
transparency-account-sign-ins = your sign-ins: when each began and when it ends
transparency-account-browsers = browsers that you signed in from within half a year: a random value for each, so that nobody else's wrong guesses can lock you out there
transparency-account-contacts = whom you added, who added you, whose request you declined, whom you blocked, and when
transparency-account-vault = a sealed box with your account's secret key, which only your password or your recovery key opens; and for 30 days the boxes that it replaced
transparency-account-password = a record that can check your password without holding it
transparency-account-recovery = whether and when you set a recovery key, and a value that can check it without holding it
transparency-account-history = your history in sealed pieces, unless you turned that off: how large they are and when they came
transparency-account-deleted = of an account that was deleted only its address: for a year by default, so that nobody else takes it at once, and for a year for those who had added it, so that they are told
transparency-moment-title = For a moment
transparency-moment-network = your network address, like any site you visit. Cliquet counts tries by it to stop guessing, and does not write it down.
transparency-moment-online = that you are here, while a page is open
transparency-moment-ephemeral = small sealed signals, such as that someone is typing: from which device to which, and when. They are handed on at once or dropped, and never kept.
transparency-not-title = What it does not know
transparency-not-texts = what you write
transparency-not-name = your name, or a list of people from your phone
transparency-not-password = your password
transparency-not-keys = the secret keys of your account, your devices and your messages
transparency-trust-title = What you have to trust
transparency-trust-detail = The page that does the sealing comes from this server. A server that turned dishonest could send another page. Compare safety numbers, and use a server run by someone you trust.
transparency-back = Back

# What is shown once home is quiet: how safely this browser keeps what it stores
storage-kept = This browser keeps what Cliquet stores here until you delete it.
storage-may-go = This browser may clear what Cliquet stores here when it runs short of space. A private window clears it when you close it.
storage-low = This browser has room for about $room MB more. Delete files or other sites’ data. What does not fit waits on the server until there is room.
storage-altered = Parts of your history on this server are missing, or do not open because they were altered. See what is still there, and save it to a file.

# Recovery, history, password
field-new-password = New password
field-old-password = Present password
field-recovery-words = Your recovery key: 24 words
field-recovery-words-hint = In their order. The first four letters of each are enough.
recover-action = Set the new password
recover-none = Without password and without recovery key nobody can open your account, not even who runs this server. You can only make a new one; your contacts will see that it is new.
recovery-key-title = Recovery key
recovery-key-detail = 24 words, on paper, open your account when the password is forgotten. Who has them can take your account over: keep them where you keep a passport.
recovery-key-make = Make my recovery key
recovery-key-show = Show it again
recovery-key-replace = Make a new one
recovery-paper-title = Your recovery key
recovery-paper-detail = Write down these 24 words in their order, by hand or print them. They are not shown again without your password.
recovery-print = Print
recovery-hide = Hide the words
recovery-confirm-title = Have you written them down?
recovery-confirm-detail = Type three of them from your paper. The key counts from then on.
recovery-confirm-action = I have written it down
history-title = History
history-detail = Your messages are also kept on this server, sealed: it cannot read them. A new browser gets them back.
history-used = Room used
history-check = Check it now
export-action = Save everything to a file
export-detail = One page with all your messages and contacts, that opens in any browser, offline. It is not sealed: keep it where nobody else reads.
import-action = Bring back messages from a saved file
import-detail = The file is read in this browser and goes nowhere else. What is here already stays as it is.
change-password-title = Password
change-password-detail = Your other browsers and devices are signed out; their messages stay.
change-password-action = Change the password
passphrase-title = Passphrase for this browser
passphrase-detail = This browser can ask for a passphrase each time that Cliquet is opened or loaded again. Without one, somebody who copies this browser’s files reads what it keeps; with one, they do not. What the files had before can stay in them for a while, so set it early. It is for this browser alone and is sent to nobody. Do not let the browser remember it: it would be in the same files.
passphrase-off = This browser asks for no passphrase.
passphrase-on = This browser asks for its passphrase at each start.
passphrase-set-action = Set the passphrase
passphrase-change-action = Change the passphrase
passphrase-remove-action = Remove the passphrase
passphrase-forgotten = I have forgotten it: remove what this browser keeps of my account
field-passphrase = Passphrase of this browser
field-old-passphrase = Present passphrase
field-new-passphrase = New passphrase
field-passphrase-again = The same passphrase again
field-passphrase-hint = At least 8 characters, and another one than your password. If you forget it, sign in again: the kept history comes back.
unlock-title = This browser asks for its passphrase
unlock-action = Open
unlock-forgotten = Passphrase forgotten?
unlock-forgotten-detail = Nobody can open what this browser keeps without it. You can remove that, and sign in again with your password or your recovery key: your contacts and the kept history come back. What was not sent, and conversations whose history is not kept, are lost in this browser.
unlock-forget = Remove it and sign in again
delete-account-title = Delete my account
delete-account-goes = Everything that this server keeps of your account goes at once, and so does what this browser keeps: your devices, contacts, history and keys. Your contacts are told. Save your history to a file first if you want to keep it.
delete-account-stays = The texts that others have stay with them. Nobody can undo this, and your address cannot be used here again for a while.
delete-account-action = Delete my account for ever
account-deleted = Your account was deleted, and so was what this browser kept of it.
account-deleted-records-left = Your account was deleted. This browser did not let go of what it kept of it: delete the data of this site in the browser’s settings.

# Words that the browser's modules show; `word-KEY` is `data-word="KEY"` on the page
word-address-empty = Enter your e-mail address.
word-address-malformed = This is not an e-mail address. Write it like name@example.org.
word-address-not-ascii = Write the address with plain letters only, without accents.
word-address-too-long = This address is too long.
word-address-unsupported = An address here can have letters, digits and . _ + - = ~ ' before the @, and nothing else. Use another address: nothing is sent to it.
word-answer-unreadable = The server answered something else than Cliquet. Reload the page and try again.
word-cannot-open = A message could not be opened and was asked for again. When it comes, it appears in its place.
word-directory-refused = What the server shows of your account does not fit your keys. Nothing was stored. Ask the person who runs the server before you go on.
word-choose-device = Choose at least one device to remove.
word-confirm-other = Word $place is another one. Look at your paper again.
word-confirm-word = Word $place
word-connecting = Connecting…
word-contact-added = Added. You can write now.
word-contact-blocked = Blocked. They cannot write to you.
word-contact-device-added = A device was added to this account. It gets what you write from now on.
word-contact-device-removed = A device was removed from this account. It gets nothing more.
word-contact-unblocked = Unblocked.
word-copied = Copied.
word-delivered = Delivered
word-device-added = A new device was added to your account. If it was not you, remove it.
word-edited = edited
word-device-name = Browser
word-device-name-of = $browser on $system
word-device-name-refused = A name has 1 to 40 characters, on one line.
word-device-revoked = Removed. It gets no more messages, and opens nothing that is kept from now on.
word-earlier-account = This browser keeps an earlier account of this address, with its messages, that the server no longer has. Press again to remove it here and go on.
word-earlier-vault = What the server keeps for you was altered. It still has the state that was replaced on $date, and that one opens; what you decided about contacts since then is missing in it. Press again to put it back and go on, or ask the person who runs the server first.
word-export-title = Messages of
word-failed = Not sent
word-failed-device-gone = Not sent: this browser is no longer a device of your account. Sign in again.
word-failed-expired = Not delivered: not fetched in 30 days.
word-failed-key-changed = Not sent: the safety number changed.
word-failed-mailbox-full = Not sent: their mailbox is full. Try again later.
word-failed-unanswered = Not sent: they have not accepted your request yet.
word-failed-account-deleted = Not sent: this account was deleted.
word-failed-not-a-contact = Not sent: they do not take messages from you.
word-failed-storage-full = Not sent: the server is full. Try again later, and tell the person who runs it.
word-failed-too-large = Not sent: the message is too large.
word-failed-unknown-account = Not sent: the account no longer exists.
word-history-altered = $count segments of your history do not open: they were altered, or belong to somebody else. Everything else is there.
word-history-checked = Checked just now: fetched and opened, $count messages.
word-history-checking = Fetching and opening…
word-history-full = The room for your history is used up. Newer messages stay in your browsers only. Ask the person who runs the server for more room.
word-history-just-kept = Everything is kept, just now.
word-history-last-checked = Last checked: $ago. All of it fetched and opened, $count messages.
word-history-last-checked-newest = Last checked: $ago. The newest $count messages fetched and opened.
word-history-last-failed = Last checked: $ago. Segments that did not open: $count.
word-history-last-missing = Last checked: $ago. Missing segments that your devices kept: $count.
word-history-missing = $count segments that your devices kept on this server are missing: the server withholds them, or lost them. Everything else is there. Save it to a file, and ask the person who runs the server.
word-history-never-checked = Not checked in this browser yet.
word-history-waiting = $count messages wait to be kept.
word-history-withheld = The server withholds a part of your history that your devices kept there, or has lost it. What it showed is here. Look for the rest on your other devices, and ask the person who runs the server.
word-import-added = Messages added: $count. There already: $known.
word-import-altered = This file was changed after Cliquet saved it, so it is not believed. Nothing was changed here. Use the file as it was saved.
word-import-cut-off = The end of this file is missing. Nothing was changed here. Copy or download it once more, whole.
word-import-earlier-account = This file belongs to an earlier account of your address. Its keys are gone, so nothing proves it. You can still open it in a browser and read.
word-import-foreign = This is not a file that Cliquet saved. Nothing was changed here.
word-import-newer = A newer Cliquet saved this file. Reload the page, then try again.
word-import-other-account = This file belongs to $owner; you are signed in as $own. Nothing was changed here.
word-import-reading = Reading the file…
word-import-strangers = Left out, since they are not among your contacts: $count messages with $who. Add them first, then choose the file again.
word-import-to-go = Adding… $count messages to go. It goes on when you leave this page.
word-import-too-large = This file is larger than 256 MB, more than can be read here. You can still open it in a browser and read.
word-import-unreadable = The browser could not read this file. Nothing was changed here.
word-insecure-page = This page is not protected by https, so the browser refuses to make keys. Open it by its https address.
word-key-changed = The safety number changed. It may be a new account under the same address, or someone in between. Compare it before you write anything private.
word-list-forked = The server shows two different lists of an account’s devices under one number. Nothing was taken over; compare the safety number with this person before you go on.
word-list-older = The server shows an older list of an account’s devices than it did before. A device that was removed could go on reading. Nothing was taken over; ask the person who runs the server.
word-list-stale = The list of this person’s devices was not renewed for a month. They were not here for so long, or the server keeps a newer list back. If they may have lost a device, ask them another way before you write anything private.
word-making-keys = Making your keys…
word-making-recovery-key = Making your recovery key…
word-message-deleted = This message was deleted.
word-message-empty = This message has no visible text.
word-message-too-long = This message is too long. Send it in parts.
word-new-message = New message
word-new-request = New contact request
word-newer-version = A newer Cliquet wrote this message. Reload the page to read it.
word-no-answer = The server does not answer. Try again in a moment.
word-no-connection = The server cannot be reached. Check your connection and try again.
word-no-device = This browser is not a device of your account. Sign out and in again to add it.
word-not-proven = What the server shows of an account is not signed by that account. Nothing was taken over. Try again later; if this stays, ask the person who runs the server.
word-offline = Offline. What you write waits here and is sent when you are back.
word-online = Connected
word-other-tab-leads = Connected through another tab
word-other-version = This tab and another run different versions of Cliquet. Reload this one; if this stays, close the others.
word-own-list-forked = The server shows your devices two different lists of them under one number. A device that you removed could go on reading. Look at your devices, remove again what is not yours, and ask the person who runs the server.
word-page-broken = A part of this page is missing. Reload it.
word-part-not-loaded = A part of Cliquet could not be loaded. Check your connection and try again; if this stays, reload the page.
word-passphrase-changed = The passphrase is changed.
word-passphrase-empty = Enter the passphrase of this browser.
word-passphrase-needed = This browser asks for its passphrase, too. Enter it where you sign in.
word-passphrase-removed = This browser asks for no passphrase any more.
word-passphrase-set = From the next start on, this browser asks for the passphrase.
word-passphrase-too-long = This passphrase is too long.
word-passphrase-too-short = The passphrase needs at least 8 characters.
word-passphrase-wrong = This is not the passphrase of this browser. Nothing was changed; try again.
word-passphrases-differ = The two passphrases are not the same.
word-password-changed = Your password is changed. Other devices must sign in again.
word-password-empty = Enter your password.
word-password-step-failed = The password could not be worked with: the server answered something else, or this device is out of memory. Try again.
word-password-too-long = This password is too long.
word-password-too-short = The password needs at least 8 characters.
word-passwords-differ = The two passwords are not the same.
word-pre-keys-invented = The server claims to have keys of this browser that it never made. Nothing was taken over; ask the person who runs the server.
word-recovery-checksum = One of the words is not the right one, or two changed places. Compare each with your paper.
word-recovery-count = A recovery key has 24 words; these are $count.
word-recovery-empty = Enter the 24 words of your recovery key.
word-recovery-key-set = Your recovery key is set. The one before, if there was one, opens nothing any more.
word-recovery-mismatch = This recovery key does not open this account. Perhaps a newer one was made since.
word-recovery-not-in-list = Word $place is not a word of recovery keys. Look at your paper again.
word-removing-devices = Removing…
word-read = Read
word-restoring = Bringing back your history… $count messages
word-retry = Try again
word-retry-in-minutes = Try again in $count minutes.
word-retry-in-seconds = Try again in $count seconds.
word-search-damaged = Something that this browser stored does not open, so the search ended there.
word-search-found = Messages found: $count
word-search-newest = The newest $count are shown. Add a word to find others.
word-search-nothing = Nothing found for “$words”.
word-search-reading = Searching… $count of $all messages
word-search-restoring = Your history is still being brought back: older messages appear as they come.
word-search-stopped = Stopped. Messages found so far: $count
word-sent = Sent
word-server-gone = The server does not answer. Trying again.
word-sign-in-refused = Address and password do not match. Check both and try again.
word-sign-up-answer-lost = The server’s answer was lost on the way. Press again to finish.
word-signed-out = You are signed out. Sign in again; what waits to be sent stays here.
word-storage-damaged = What this browser stored does not open. Delete the data of this site, then sign in again.
word-storage-full = The storage of this browser is full. Make room, then try again. What others write waits on the server.
word-storage-gone = This browser cleared what Cliquet kept here. Sign out in the menu, then in again: it becomes a new device of the same account.
word-storage-other-version = Another tab runs an older Cliquet. Close or reload the others, then try again.
word-storage-refused = This browser refuses to store anything, so messages would be lost. Leave the private window, or allow storage for this site.
word-today = Today
word-unread = unread
word-vault-altered = What the server keeps for you was altered, or belongs to somebody else. Nothing was changed. Ask the person who runs the server before you go on.
word-vault-locked = What the server keeps for you does not open with the keys of this browser. If you removed a device elsewhere, sign out and sign in here once more. If you did not, the server altered it: ask the person who runs it.
word-vault-older = The server shows an older state of your account’s vault than it did before. Nothing was taken over; ask the person who runs the server.
word-vault-outdated = Another device of yours was faster. Try again.
word-vault-put-back = What the server keeps for you was altered, or was an older state. This browser has put back what it knew. Ask the person who runs the server what happened.
word-vault-refused = Your password is right, but what the server keeps for you does not open with it: it was altered, or belongs to somebody else. Nothing was changed. Ask the person who runs the server before you go on.
word-waiting = Waiting
word-web-crypto-refused = This browser refused to make or use a key. Try again, or try a current browser.
word-working-change-password = Changing your password…
word-deleting-account = Deleting your account…
word-editing = Edit message
word-forwarded = Forwarded.
word-message-empty-edit = An empty text cannot take the place of a message. To remove the message, delete it.
word-message-not-possible = This cannot be done with this message. It may have been deleted meanwhile.
word-message-too-late = More than a day has passed since this message was written. It can no longer be edited, or deleted for everyone.
word-not-copied = The text could not be copied. Select it and copy it with the keyboard, or open Cliquet over HTTPS.
word-quoted-gone = This message is not on this device.
word-reply-to = Reply to $name
word-reply-to-own = Reply to yourself
word-working-loading = Loading…
word-working-lock = Locking what this browser keeps…
word-working-password = Checking your password…
word-working-sign-in = Opening your account…
word-working-sign-up = Making your account…
word-working-unlock = Checking the passphrase…
word-wrong-password = This is not your present password.
word-yesterday = Yesterday
word-you = You
