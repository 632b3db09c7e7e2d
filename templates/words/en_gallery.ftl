# The photos, sounds and files of a conversation.

gallery = Photos, sounds and files
gallery-back = Back to the conversation
gallery-none = Open a conversation, and choose “Photos, sounds and files” in its menu.
gallery-pictures = Photos and films
gallery-sounds = Voice and sounds
gallery-files = Files
gallery-empty-pictures = There are no photos or films in this conversation yet.
gallery-empty-sounds = There are no voice messages or sounds in this conversation yet.
gallery-empty-files = There are no other files in this conversation yet.
word-gallery-go = Show in the conversation
word-gallery-go-to = Show in the conversation: $name, $time
word-gallery-reading = Looking through the conversation…
