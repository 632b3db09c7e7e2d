# What a person shows of themselves
profile-title = Your profile
profile-detail = The people whom you add or answer see it, encrypted like your messages. This server does not see it.
profile-name = Name
profile-about = About you
profile-picture = Picture
profile-picture-choose = Choose a picture
profile-picture-remove = Remove the picture
profile-save = Save
contacts-empty-name = Tell people your name
word-profile-saved = Saved. The people you write to will see it.
word-profile-too-long = That is too long. A name has room for about 40 letters, the line about you for about 200.
word-profile-no-picture = This browser cannot open that file as a picture. Choose a JPEG, PNG or WebP file.
word-profile-picture-too-large = That file is larger than 40 MB. Choose a smaller one.
