# Ce qui est partagé avec l’application installée.

share-lost-title = Rien n’a été partagé
share-lost-detail = Ce navigateur n’a plus la partie de l’application qui prend ce que vous partagez. Ce que vous avez partagé est parti vers ce serveur sans être scellé. Le serveur ne l’a pas lu et n’en a rien gardé. Ouvrez l’application, attendez un instant, puis partagez de nouveau.
word-share-title = Envoyer à…
word-share-what = Vous partagez : $what
word-share-gone = Ce que vous avez partagé n’est plus là. Partagez-le de nouveau.
word-share-empty = Dans ce que vous avez partagé, il n’y avait rien qui puisse être envoyé.
word-share-not-open = La conversation ne s’est pas ouverte, et ce que vous avez partagé n’est plus là. Partagez-le de nouveau.
