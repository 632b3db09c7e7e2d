# Les photos, les sons et les fichiers d’une conversation.

gallery = Photos, sons et fichiers
gallery-back = Retour à la conversation
gallery-none = Ouvrez une conversation, et choisissez « Photos, sons et fichiers » dans son menu.
gallery-pictures = Photos et films
gallery-sounds = Voix et sons
gallery-files = Fichiers
gallery-empty-pictures = Il n’y a pas encore de photo ni de film dans cette conversation.
gallery-empty-sounds = Il n’y a pas encore de message vocal ni de son dans cette conversation.
gallery-empty-files = Il n’y a pas encore d’autre fichier dans cette conversation.
word-gallery-go = Montrer dans la conversation
word-gallery-go-to = Montrer dans la conversation : $name, $time
word-gallery-reading = Lecture de la conversation…
