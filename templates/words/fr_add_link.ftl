# Ajouter par un lien
add-me-title = Se faire ajouter
add-me-detail = Toute personne qui ouvre ce lien ou scanne ce code peut vous ajouter ici. Donnez-le vous-même : dans un message en qui vous avez confiance, ou sur votre écran.
add-me-code = Votre lien sous forme de code QR
add-me-link = Votre lien
add-me-share = Partager…
add-me-why = Le lien dit quelle clé est la vôtre. Qui vous ajoute par lui n’a pas besoin de comparer le numéro de sûreté : personne entre vous ne peut faire passer une autre clé pour la vôtre. Ce que dit le lien n’est pas envoyé à ce serveur quand on l’ouvre.
add-link-title = Ajouter ce contact ?
add-link-detail = La personne vous a-t-elle donné ce lien elle-même ? Alors sa clé est vérifiée aussitôt.
add-link-action = Ajouter
contacts-empty-link = Ou faites-vous ajouter
contacts-empty-key = Créez une clé de récupération, pour le jour où vous oublierez votre mot de passe
word-add-link-broken = Ce lien n’est pas entier. Demandez-le à nouveau.
word-add-link-other-key = Le serveur montre pour cette adresse une autre clé que le lien, ou vous connaissez le contact par une autre. Personne n’a été ajouté. Demandez un nouveau lien à la personne, par un autre moyen que ce serveur.
word-add-link-own = C’est votre propre lien. Donnez-le aux autres.
