# Files in messages.

file-attach = Send files
file-drop = Drop files here to send them
file-show = Play
file-save = Save
file-pause = Pause
file-go-on = Go on
file-tray-title = Send files
file-tray-detail = Each file becomes a message of its own, sealed in this browser before it is sent.
file-more = Add more
file-remove = Remove this file
file-caption = Text
file-description = What the picture shows, for people who cannot see it
file-original = Send as a file, as it is
file-as-it-is = Sent as it is, with what the camera wrote beside it, such as the place.
file-original-detail = Larger, and with what the camera wrote beside it, such as the place.
message-save = Save the file
settings-fetch-pictures = Fetch pictures by themselves
settings-fetch-pictures-detail = Pictures of up to 2 MB, when they come into sight. If not, a picture is fetched when you press it. Films and other files always wait for that.
viewer = Picture
viewer-in = Larger
viewer-out = Smaller
viewer-next = Next picture
viewer-previous = Previous picture
word-file-photo = Photo
word-file-video = Video
word-file-audio = Audio
word-file-voice = Voice message
word-file-unnamed = File
word-file-view = Open the picture: $name
word-file-play = Play: $name
word-file-bytes = $count bytes
word-file-kilobytes = $count KB
word-file-megabytes = $count MB
word-file-gigabytes = $count GB
word-file-fetching = Fetching … $percent %
word-file-sending = Sending … $percent %
word-file-paused = Paused at $percent %
word-file-preparing = Preparing … $percent %
word-file-forwarding = Forwarding the file … $percent %
word-file-empty = This file is empty. Choose another, or remove it.
word-file-too-large = This file is too large: a file may have up to $size here. Choose a smaller one, or remove it.
word-file-no-room = Your files fill what this server keeps for you: $size of $all are left. Delete messages with files, or remove this one.
word-file-off = This server takes no files. Remove them, and send your text alone.
word-file-text-too-long = The text is too long. Shorten it, and send again.
word-file-gone = This file is no longer on the server. Ask for it to be sent again.
word-file-altered = This file was altered on its way. It is not opened. Ask for it to be sent again.
word-file-not-shown = This picture cannot be shown here: the browser does not know it, or it is too large for its memory. It can be saved.
word-file-unreadable = This browser cannot read the file any more. Choose it again.
word-file-no-connection = No connection: try again.
word-file-too-many = Up to $count files at a time. The first $count are here.
word-viewer-place = $place of $count

# What the files that one sent take on the server
safety-files-title = Files that you sent
safety-files-detail = The server keeps each file sealed for { $days ->
    [one] one day
   *[other] { $days } days
}. Who opened it by then has it; your own are on this device. A file that you delete for everyone is deleted here, too.
safety-files-used = Room that your files take
safety-files-off = This server takes no files.
