# Fichiers dans les messages.

file-attach = Envoyer des fichiers
file-drop = Déposez des fichiers ici pour les envoyer
file-show = Lire
file-save = Enregistrer
file-pause = Pause
file-go-on = Continuer
file-tray-title = Envoyer des fichiers
file-tray-detail = Chaque fichier devient un message à part, scellé dans ce navigateur avant d’être envoyé.
file-more = En ajouter
file-remove = Retirer ce fichier
file-caption = Texte
file-description = Ce que montre l’image, pour les personnes qui ne la voient pas
file-original = Envoyer comme fichier, tel quel
file-as-it-is = Envoyé tel quel, avec ce que l’appareil a écrit à côté, comme le lieu.
file-original-detail = Plus lourd, et avec ce que l’appareil a noté à côté, comme le lieu.
message-save = Enregistrer le fichier
settings-fetch-pictures = Chercher les images d’elles-mêmes
settings-fetch-pictures-detail = Les images jusqu’à 2 Mo, quand elles apparaissent. Sinon, une image est cherchée quand vous appuyez dessus. Les films et les autres fichiers attendent toujours cela.
viewer = Image
viewer-in = Plus grand
viewer-out = Plus petit
viewer-next = Image suivante
viewer-previous = Image précédente
word-file-photo = Photo
word-file-video = Vidéo
word-file-audio = Audio
word-file-voice = Message vocal
word-file-unnamed = Fichier
word-file-view = Ouvrir l’image : $name
word-file-play = Lire : $name
word-file-bytes = $count octets
word-file-kilobytes = $count Ko
word-file-megabytes = $count Mo
word-file-gigabytes = $count Go
word-file-fetching = Réception… $percent %
word-file-sending = Envoi… $percent %
word-file-paused = En pause à $percent %
word-file-preparing = Préparation… $percent %
word-file-forwarding = Transfert du fichier… $percent %
word-file-empty = Ce fichier est vide. Choisissez-en un autre, ou retirez-le.
word-file-too-large = Ce fichier est trop lourd : un fichier peut avoir jusqu’à $size ici. Choisissez-en un plus petit, ou retirez-le.
word-file-no-room = Vos fichiers remplissent ce que ce serveur garde pour vous : il reste $size sur $all. Supprimez des messages avec des fichiers, ou retirez celui-ci.
word-file-off = Ce serveur ne prend pas de fichiers. Retirez-les, et envoyez votre texte seul.
word-file-text-too-long = Le texte est trop long. Raccourcissez-le, puis envoyez de nouveau.
word-file-gone = Ce fichier n’est plus sur le serveur. Demandez qu’on vous l’envoie de nouveau.
word-file-altered = Ce fichier a été modifié en chemin. Il n’est pas ouvert. Demandez qu’on vous l’envoie de nouveau.
word-file-not-shown = Cette image ne peut pas être montrée ici : le navigateur ne la connaît pas, ou elle est trop grande pour sa mémoire. On peut l’enregistrer.
word-file-unreadable = Ce navigateur ne peut plus lire le fichier. Choisissez-le de nouveau.
word-file-no-connection = Pas de connexion : réessayez.
word-file-too-many = Jusqu’à $count fichiers à la fois. Les $count premiers sont là.
word-viewer-place = $place sur $count

# Ce que prennent sur le serveur les fichiers que l’on a envoyés
safety-files-title = Fichiers envoyés
safety-files-detail = Le serveur garde chaque fichier cacheté pendant { $days ->
    [one] un jour
   *[other] { $days } jours
}. Ceux qui l’ont ouvert d’ici là l’ont ; les vôtres sont sur cet appareil. Un fichier que vous supprimez pour tout le monde est aussi supprimé ici.
safety-files-used = Place prise par vos fichiers
safety-files-off = Ce serveur ne prend pas de fichiers.
