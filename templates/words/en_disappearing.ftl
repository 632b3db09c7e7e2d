# What Cliquet says about messages that disappear, in English.

word-message-expired = This message disappeared before it was delivered. It may still arrive.
word-timer-set = $name set messages to disappear after $time.
word-timer-set-own = You set messages to disappear after $time.
word-timer-off = $name turned disappearing messages off.
word-timer-off-own = You turned disappearing messages off.

# The conversation's menu and its lines
timer = Disappearing messages
timer-off = Off
timer-300 = 5 minutes
timer-3600 = 1 hour
timer-28800 = 8 hours
timer-86400 = 1 day
timer-604800 = 1 week
timer-2419200 = 4 weeks
timer-own = Another time
timer-unit = Unit
timer-minutes = minutes
timer-hours = hours
timer-days = days
timer-save = Set
timer-detail = New messages of both sides disappear so long after they were read, on all devices. Earlier ones stay. Nothing keeps the other person from taking a picture of the screen.
word-timer-limits = Choose a time from 5 minutes to 365 days.
word-timer-on = New messages disappear after $time
word-time-left = Disappears in $time
