# What is shared with the installed app.

share-lost-title = Nothing was shared
share-lost-detail = This browser no longer has the part of the app that takes what you share. What you shared was sent to this server unsealed. The server did not read it and kept nothing of it. Open the app, wait a moment, then share it again.
word-share-title = Send to…
word-share-what = You share: $what
word-share-gone = What you shared is no longer here. Share it again.
word-share-empty = There was nothing in what you shared that can be sent.
word-share-not-open = The conversation did not open, and what you shared is no longer here. Share it again.
