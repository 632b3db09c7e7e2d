# The page of admins
admin-link = Administration
admin-title = Administration
admin-intro = This page shows no contacts, no groups and no texts. The server does not have the texts, and you do not need the others. Nothing is deleted here: that is done on the server’s command line.
admin-back = Back to your messages
admin-version = Version
admin-registration = New accounts
admin-registration-open = for everyone
admin-registration-invite = with an invite
admin-registration-closed = none
admin-stored = Kept on this server
admin-free = Free on its disk
admin-waiting = Envelopes that wait
admin-waiting-unknown = not known now
admin-megabytes = { $number } MB
admin-invites = Invites
admin-invites-detail = Each is a link by which somebody opens an account. It is shown once.
admin-invites-closed = This server takes no new accounts, so that invites let nobody in. The setting is `registration`.
admin-invite-uses = For how many accounts?
admin-invite-create = Make an invite
admin-invite-made = { $uses ->
    [one] This link is good for one account, for { $days } days. Send it to the person whom you invite; it is not shown again.
   *[other] This link is good for { $uses } accounts, for { $days } days. Send it to the people whom you invite; it is not shown again.
}
admin-invite-code = The link as a QR code
admin-invite = Invite { $number }
admin-invite-open = open until { $date }
admin-invite-used = used up
admin-invite-expired = over since { $date }
admin-invite-used-of = { $used } of { $uses } used
admin-invite-revoke = Take back
admin-invite-revoke-this = Take back invite { $number }
admin-accounts = { $count ->
    [one] One account
   *[other] { $count } accounts
}
admin-accounts-detail = When somebody was there is as exact as a day.
admin-accounts-more = The newest { $count } are shown. `cliquet account list` shows all.
admin-is-admin = admin
admin-is-me = you
admin-is-suspended = suspended since { $date }
admin-since = since { $date }
admin-last-seen = last seen { $date }
admin-devices = { $count ->
    [one] one device
   *[other] { $count } devices
}
admin-suspend = Suspend
admin-suspend-this = Suspend { $address }
admin-suspend-detail = It is signed out everywhere, and nobody can sign in to it. Nothing of it is deleted, and its contacts are not told.
admin-resume = Let in again
admin-resume-this = Let { $address } in again
admin-announcement = A word to everyone
admin-announcement-label = Shown above everyone’s conversations
admin-announcement-detail = Up to { $count } characters, such as when the server will be away. Everyone who opens Cliquet reads it. Leave it empty to show nothing.
admin-announcement-save = Save
admin-log = What was done
admin-log-detail = On this page and on the command line, the newest first. Kept for a year.
admin-log-empty = Nothing yet.
admin-log-command-line = command line
admin-log-create-invite = made invite { $subject }
admin-log-revoke-invite = took back invite { $subject }
admin-log-suspend-account = suspended { $subject }
admin-log-resume-account = let { $subject } in again
admin-log-delete-account = deleted { $subject }
admin-log-promote-account = made { $subject } an admin
admin-log-demote-account = { $subject } is no longer an admin
admin-log-announce = said to everyone: { $subject }
admin-log-announce-nothing = took the word to everyone away
announcement-from = From the person who runs this server
