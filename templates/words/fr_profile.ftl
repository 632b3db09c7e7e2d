# Ce que l'on montre de soi
profile-title = Votre profil
profile-detail = Les personnes que vous ajoutez ou à qui vous répondez le voient, chiffré comme vos messages. Ce serveur ne le voit pas.
profile-name = Nom
profile-about = À propos de vous
profile-picture = Photo
profile-picture-choose = Choisir une photo
profile-picture-remove = Retirer la photo
profile-save = Enregistrer
contacts-empty-name = Dites aux autres votre nom
word-profile-saved = Enregistré. Les personnes à qui vous écrivez le verront.
word-profile-too-long = C’est trop long. Un nom peut avoir environ 40 lettres, la ligne à propos de vous environ 200.
word-profile-no-picture = Ce navigateur ne peut pas ouvrir ce fichier comme image. Choisissez un fichier JPEG, PNG ou WebP.
word-profile-picture-too-large = Ce fichier dépasse 40 Mo. Choisissez-en un plus petit.
