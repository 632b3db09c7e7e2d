# What a person writes to themselves
notes = Note to self
notes-empty-title = A place for yourself
notes-empty-detail = What you write here is sealed and kept on all your devices. Nobody else gets it.
notes-clear-detail = Every note is deleted on all your devices, for good.
word-notes = Note to self
