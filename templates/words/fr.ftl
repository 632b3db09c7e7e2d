# Les mots de Cliquet en français. Chaque clé est aussi dans en.ftl ; un test les compare.
# Des mots simples : dire ce qui est, puis quoi faire. Espace insécable (U+00A0) devant : ; ? ! et dans « ».

app-name = Cliquet
app-purpose = Des lettres cachetées pour vos proches : vous seuls pouvez les lire.
date = { $day ->
    [1] 1er
   *[other] { $day }
} { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
} { $year }

# Chaque page
skip-to-content = Aller au contenu
language-choice = Langue
language-en = English
language-fr = Français
close = Fermer
wasm-failed-title = Le cachetage ne marche pas dans cet onglet : rien ne peut être envoyé.
wasm-failed-todo = Rechargez la page. Si cela dure, autorisez WebAssembly et les scripts de ce site, ou prenez un navigateur à jour.
script-needed = Cliquet cachette les lettres dans votre navigateur et a besoin de scripts pour cela. Autorisez les scripts de ce site, puis rechargez.

# Connexion, inscription
sign-in-title = Connexion
sign-in-action = Se connecter
sign-in-other = Pas encore de compte ?
sign-in-other-link = En créer un
sign-up-title = Créer un compte
sign-up-action = Créer mon compte
sign-up-other = Vous avez un compte ?
sign-up-other-link = Se connecter
sign-up-closed = Ce serveur n’ouvre de comptes que sur invitation. Demandez un lien à la personne qui s’en occupe.
sign-up-checking-invite = Vérification de votre invitation…
sign-up-invited = Vous êtes invité. Choisissez l’adresse sous laquelle on vous connaît.
sign-up-signed-in = { $email } est connecté dans ce navigateur. Un nouveau compte l’en déconnecte ; ses messages restent.
sign-up-signed-in-link = Retour aux conversations
field-email = Adresse e-mail
field-email-hint = C’est votre nom ici. Rien n’y est envoyé.
field-password = Mot de passe
field-password-again = Le même mot de passe
field-password-hint = Au moins 8 caractères. Plusieurs mots sont plus sûrs qu’un seul, et plus faciles à retenir.
password-stays = Votre mot de passe ne quitte jamais ce navigateur. Seule une clé de secours, à créer une fois entré, peut le remplacer.
transparency-link = Ce que sait ce serveur

# Accueil
home-title = Conversations
home-people = Contacts
home-menu = Menu
home-signed-in-as = Vous êtes
home-status-connecting = Connexion…
sign-out = Se déconnecter
devices-link = Appareils et connexions
settings-title = Réglages
settings-account = Votre compte
settings-account-detail = Les mêmes sur tous vos appareils. Votre navigateur les garde chiffrés ; ce serveur ne les connaît pas.
settings-read-receipts = Confirmations de lecture
settings-read-receipts-detail = Vos contacts voient que vous avez lu leurs messages. Sans elles, vous ne voyez pas non plus ce que vos contacts ont lu.
settings-typing = Indicateurs de saisie
settings-typing-detail = Vos contacts voient que vous écrivez. Sans eux, vous ne voyez pas non plus quand vos contacts écrivent.
settings-notifications = Notifications dans ce navigateur
settings-notifications-detail = Pendant que vous regardez ailleurs et que Cliquet est ouvert dans un onglet. Ce qu’une notification montre, toute personne qui voit votre écran peut le lire.
settings-notifications-denied = Votre navigateur ne permet pas à ce site de vous notifier. Autorisez les notifications dans ses réglages pour ce site, puis revenez ici.
settings-notify-text = Nom et message
settings-notify-name = Nom seulement
settings-notify-new = Seulement qu’il y a un nouveau message
settings-notify-off = Aucune
settings-quiet-hours = Heures de silence
settings-quiet-hours-detail = Pas de notification entre ces heures. Laissez-en une vide pour n’en avoir aucune.
settings-quiet-from = De
settings-quiet-to = À
settings-browser = Ce navigateur
settings-enter-sends = Entrée envoie le message
settings-enter-sends-detail = Sinon, Entrée commence une nouvelle ligne, et Ctrl+Entrée (⌘+Entrée sur un Mac) envoie. Maj+Entrée commence toujours une nouvelle ligne.
typing = écrit…
add-contact-label = Ajouter quelqu’un par son adresse
add-contact-placeholder = nom@example.org
add-contact-action = Chercher
contacts-empty-title = Pas encore de contacts
contacts-empty-detail = Entrez l’adresse de quelqu’un qui a un compte ici.
contact-requested = veut vous écrire
contact-blocked = bloqué
search-found = { $email } a un compte ici.
search-add = Ajouter { $email }

# Conversation
conversation-title = Conversation avec { $email }
conversation-with = Messages avec { $email }
conversation-none-title = Aucune conversation choisie
conversation-none-detail = Choisissez quelqu’un parmi vos contacts, ou ajoutez-le par son adresse.
pinned = Épinglée
muted = En sourdine
archived = Archives
pin = Épingler en haut
unpin = Détacher
mute = Mettre en sourdine…
mute-1 = Pendant 1 heure
mute-8 = Pendant 8 heures
mute-168 = Pendant 1 semaine
mute-always = Toujours
unmute = Ne plus mettre en sourdine
archive = Archiver
unarchive = Retirer des archives
mark-unread = Marquer comme non lue
nickname-change = Nom…
nickname = Nom pour ce contact
nickname-detail = Vous seul·e le voyez, sur tous vos appareils. Laissez vide pour l’adresse.
nickname-save = Enregistrer
conversation-empty-title = Pas encore de messages
conversation-empty-detail = Ce que vous écrivez est cacheté ici et n’est ouvert que par { $email }.
conversation-back = Retour aux contacts
conversation-menu = Plus sur { $email }
block = Bloquer
unblock = Débloquer
keep-history = Garder cette conversation dans l’historique
keep-history-on = oui
keep-history-off = non
keep-history-detail = Non : ce qui se dit à partir de maintenant ne reviendra pas quand ce navigateur sera vidé. Ce qui était déjà gardé reste sur le serveur aussi longtemps que votre compte.
unkept = Hors de l’historique
request-title = { $email } veut vous écrire.
request-detail = N’acceptez que si vous savez qui c’est. Vous pourrez aussi bloquer plus tard. Refuser efface la demande et ce qui a été écrit.
request-accept = Accepter
request-decline = Refuser
blocked-title = Vous avez bloqué { $email }, qui ne peut plus vous écrire.
contact-deleted = Le compte { $email } a été supprimé. Ce que vous avez de la conversation vous reste.
safety-number = Numéro de sûreté
safety-number-detail = Comparez ces chiffres avec { $email } de vive voix. S’ils sont les mêmes, personne n’est entre vous.
safety-number-waiting = Les chiffres apparaissent après un premier message.
verify = Ce sont les mêmes chiffres
unverify = N’est plus vérifié
verified = Vérifié
key-changed-title = Le numéro de sûreté de { $email } a changé.
key-changed-detail = Un nouveau compte sous la même adresse, ou quelqu’un entre vous. Rien n’est envoyé avant votre décision. Comparez les nouveaux chiffres de vive voix.
key-changed-accept = Continuer avec le nouveau numéro
key-changed-show = Voir le nouveau numéro
composer-label = Message à { $email }
composer-placeholder = Écrire un message
composer-hint = Entrée envoie, Maj+Entrée va à la ligne.
composer-hint-breaks = Entrée va à la ligne, Ctrl+Entrée (⌘+Entrée sur un Mac) envoie.
composer-send = Envoyer

# Le menu d’un message
read-more = Lire la suite
unread-line = Nouveaux messages
to-end = Aller aux derniers messages
message-menu = Actions pour ce message
react = Réagir
react-other = Un autre émoji
message-reply = Répondre
message-copy = Copier
message-edit = Modifier
message-forward = Transférer
message-delete = Supprimer
delete-message-title = Supprimer ce message ?
delete-message-detail = Supprimé pour tous, son texte disparaît de tous vos appareils, à vous deux, dès qu’ils sont en ligne. Supprimé pour vous, il disparaît de vos propres appareils.
delete-for-everyone = Supprimer pour tous
delete-for-me = Supprimer pour moi
cancel = Annuler
forward-title = Transférer à
forward-nobody = Il n’y a encore personne à qui le transférer. Ajoutez d’abord un contact.
emoji-search = Chercher un émoji par son nom
purpose-leave = Abandonner

# Appareils et connexions
devices-title = Appareils et connexions
devices-heading = Appareils
devices-detail = Chaque navigateur est un appareil avec ses propres clés. Les messages sont cachetés pour chacun d’eux.
devices-created = Ajouté le { $date }
devices-last-seen = Vu pour la dernière fois le { $date }
devices-this = Cet appareil
devices-revoke = Retirer
devices-revoke-detail = Cela demande votre mot de passe. Les clés de ce que Cliquet garde pour vous sont refaites : l’appareil retiré n’ouvre rien de ce qui est gardé ensuite.
devices-rename = Renommer
devices-rename-hint = Le serveur connaît les noms de vos appareils. Vos contacts ne les voient pas.
devices-rename-save = Enregistrer
devices-new-name = Nouveau nom
sign-ins-heading = Connexions
sign-ins-detail = Là où votre compte est ouvert. Fermez celle que vous ne reconnaissez pas.
sign-ins-of = sur { $name }
sign-ins-created = Depuis le { $date }
sign-ins-expires = finit le { $date }
sign-ins-this = Cette connexion
sign-ins-end = Fermer
sign-ins-end-name = Fermer la connexion du { $date }

# Récupération par la clé de 24 mots
recover-link = Mot de passe oublié, ou appareils perdus ?
recover-title = Récupérer votre compte
recover-purpose = Avec votre clé de secours de 24 mots, vous choisissez un nouveau mot de passe. Vos contacts et votre historique reviennent avec lui.
recover-other-link = Retour à la connexion
recover-make-room = Vous connaissez votre mot de passe, mais n’avez plus aucun de vos appareils ?
recover-make-room-link = Retirer un appareil et se connecter

# Un appareil retiré par le mot de passe seul
make-room-title = Retirer un appareil
make-room-purpose = Un compte a au plus { $most } appareils. Si vous avez perdu tous les vôtres, votre mot de passe suffit pour faire de la place à ce navigateur.
make-room-show = Montrer mes appareils
make-room-heading = Appareils de
make-room-detail = Choisissez ceux que vous n’avez plus. Ils sont déconnectés et ne reçoivent plus rien. Ce qui n’était gardé que sur eux, et pas dans votre historique sur ce serveur, est perdu. C’est définitif.
make-room-room = Il reste de la place pour un autre appareil. Si vous n’en choisissez aucun, vous vous connectez simplement.
make-room-action = Retirer et se connecter

# Ce qui est gardé contre la perte
safety-title = À l’abri de la perte
safety-recovery-since = Vous en avez une depuis le { $date }. Elle ouvre votre compte quand le mot de passe est perdu.
safety-recovery-none = Vous n’en avez pas. Sans elle, un mot de passe perdu est un compte perdu.
safety-history-last = Gardé la dernière fois :
safety-history-used = { $used } Mo occupés sur { $quota }, cachetés.
safety-history-none = Rien n’est encore gardé sur le serveur.
safety-history-off = Ce serveur ne garde pas d’historique. Vos messages ne sont que sur vos appareils.

# Un lien sur un autre site
detour-title = Ouverture
detour-link = Ouvrir Cliquet

# Ce que sait ce serveur
transparency-title = Ce que sait ce serveur
transparency-intro = Cliquet cachette les messages dans votre navigateur. Le serveur les porte comme une poste : il ne peut pas les ouvrir, mais il voit les enveloppes. Voici tout ce qu’il voit.
transparency-envelopes-title = Sur chaque enveloppe
transparency-envelopes-who = qui écrit à qui, de quel appareil à quel appareil
transparency-envelopes-when = quand elle est arrivée ici
transparency-envelopes-size = sa taille, par pas de { $step } octets
transparency-envelopes-keys = des clés publiques, des compteurs et des valeurs aléatoires qu’il faut à l’autre pour l’ouvrir ; sans les clés secrètes, ils ne servent à rien
transparency-envelopes-kept = Une enveloppe est gardée jusqu’à ce que l’appareil destinataire l’ait reçue, au plus { $days } jours, puis effacée.
transparency-account-title = Sur votre compte
transparency-account-address = votre adresse e-mail, la clé publique de votre compte, et quand vous l’avez créé
transparency-account-devices = vos appareils : le nom donné à chacun, ses clés publiques, quand il a été ajouté, et le jour de son dernier passage ; d’un appareil retiré il reste une trace, pour qu’il ne revienne jamais
transparency-account-sign-ins = vos connexions : quand chacune a commencé et quand elle finit
transparency-account-browsers = les navigateurs depuis lesquels vous vous êtes connecté en six mois : une valeur aléatoire pour chacun, pour que les essais d’autrui ne puissent pas vous y fermer la porte
transparency-account-contacts = qui vous avez ajouté, qui vous a ajouté, dont vous avez refusé la demande, qui vous avez bloqué, et quand
transparency-account-vault = une boîte cachetée avec la clé secrète de votre compte, que seuls votre mot de passe ou votre clé de secours ouvrent ; et pendant 30 jours celles qu’elle a remplacées
transparency-account-recovery = si et quand vous avez choisi une clé de secours, et une valeur qui peut la vérifier sans la contenir
transparency-account-history = votre historique en morceaux cachetés, sauf si vous l’avez désactivé : leur taille et le moment où ils sont arrivés
transparency-account-deleted = d’un compte supprimé, son adresse seule : un an en général, pour que personne d’autre ne la prenne aussitôt, et un an pour les personnes qui l’avaient ajouté, pour qu’elles en soient informées
transparency-account-password = de quoi vérifier votre mot de passe, sans le contenir
transparency-moment-title = Pour un instant
transparency-moment-network = votre adresse réseau, comme tout site que vous visitez. Cliquet s’en sert pour compter les essais et freiner qui devine, et ne la note pas.
transparency-moment-online = que vous êtes là, tant qu’une page est ouverte
transparency-moment-ephemeral = de petits signaux cachetés, par exemple que quelqu’un écrit : de quel appareil à quel appareil, et quand. Ils sont transmis aussitôt ou abandonnés, et jamais gardés.
transparency-not-title = Ce qu’il ne sait pas
transparency-not-texts = ce que vous écrivez
transparency-not-name = votre nom, ni le carnet d’adresses de votre téléphone
transparency-not-password = votre mot de passe
transparency-not-keys = les clés secrètes de votre compte, de vos appareils et de vos messages
transparency-trust-title = À qui vous devez faire confiance
transparency-trust-detail = La page qui cachette vient de ce serveur. Un serveur devenu malhonnête pourrait envoyer une autre page. Comparez les numéros de sûreté, et prenez un serveur tenu par quelqu’un de confiance.
transparency-back = Retour

# Ce qui s’affiche une fois la page au repos : comment ce navigateur garde ce qu’il enregistre
storage-kept = Ce navigateur garde ce que Cliquet enregistre ici jusqu’à ce que vous l’effaciez.
storage-may-go = Ce navigateur peut effacer ce que Cliquet enregistre ici s’il manque de place. Une fenêtre privée l’efface quand vous la fermez.
storage-low = Ce navigateur a encore de la place pour environ $room Mo. Effacez des fichiers ou les données d’autres sites. Ce qui n’entre pas attend sur le serveur qu’il y ait de la place.
storage-altered = Des parties de votre historique sur ce serveur manquent, ou ne s’ouvrent pas parce qu’elles ont été modifiées. Voyez ce qui est encore là, et enregistrez-le dans un fichier.

# Secours, historique, mot de passe
field-new-password = Nouveau mot de passe
field-old-password = Mot de passe actuel
field-recovery-words = Votre clé de secours : 24 mots
field-recovery-words-hint = Dans l’ordre. Les quatre premières lettres de chacun suffisent.
recover-action = Changer le mot de passe
recover-none = Sans mot de passe et sans clé de secours, personne ne peut ouvrir votre compte, pas même la personne qui s’occupe du serveur. Il ne reste qu’à en créer un nouveau ; vos contacts verront qu’il est nouveau.
recovery-key-title = Clé de secours
recovery-key-detail = 24 mots, sur papier, ouvrent votre compte quand le mot de passe est oublié. Qui les possède peut prendre votre compte : gardez-les comme un passeport.
recovery-key-make = Créer ma clé de secours
recovery-key-show = La montrer à nouveau
recovery-key-replace = En créer une nouvelle
recovery-paper-title = Votre clé de secours
recovery-paper-detail = Notez ces 24 mots dans l’ordre, à la main, ou imprimez-les. Ils ne seront plus montrés sans votre mot de passe.
recovery-print = Imprimer
recovery-hide = Cacher les mots
recovery-confirm-title = Les avez-vous notés ?
recovery-confirm-detail = Recopiez-en trois depuis votre papier. La clé compte à partir de là.
recovery-confirm-action = C’est noté
history-title = Historique
history-detail = Vos messages sont aussi gardés sur ce serveur, cachetés : il ne peut pas les lire. Un nouveau navigateur les retrouve.
history-used = Place occupée
history-check = Vérifier maintenant
export-action = Tout enregistrer dans un fichier
export-detail = Une page avec tous vos messages et contacts, qui s’ouvre dans tout navigateur, sans réseau. Elle n’est pas cachetée : gardez-la à l’abri des regards.
import-action = Reprendre les messages d’un fichier enregistré
import-detail = Le fichier est lu dans ce navigateur et ne va nulle part ailleurs. Ce qui est déjà ici reste tel quel.
change-password-title = Mot de passe
change-password-detail = Vos autres navigateurs et appareils seront déconnectés ; leurs messages restent.
change-password-action = Changer le mot de passe
passphrase-title = Phrase secrète de ce navigateur
passphrase-detail = Ce navigateur peut demander une phrase secrète chaque fois que Cliquet est ouvert ou rechargé. Sans elle, qui copie les fichiers de ce navigateur lit ce qu’il garde ; avec elle, non. Ce que les fichiers contenaient avant peut y rester un temps : choisissez-la tôt. Elle ne vaut que pour ce navigateur et n’est envoyée à personne. Ne laissez pas le navigateur la retenir : elle serait dans les mêmes fichiers.
passphrase-off = Ce navigateur ne demande pas de phrase secrète.
passphrase-on = Ce navigateur demande sa phrase secrète à chaque démarrage.
passphrase-set-action = Choisir cette phrase
passphrase-change-action = Changer la phrase
passphrase-remove-action = Enlever la phrase
passphrase-forgotten = Je l’ai oubliée : enlever ce que ce navigateur garde de mon compte
field-passphrase = Phrase secrète de ce navigateur
field-old-passphrase = Phrase actuelle
field-new-passphrase = Nouvelle phrase
field-passphrase-again = La même phrase encore une fois
field-passphrase-hint = Au moins 8 caractères, et une autre que votre mot de passe. Si vous l’oubliez, reconnectez-vous : l’historique gardé revient.
unlock-title = Ce navigateur demande sa phrase secrète
unlock-action = Ouvrir
unlock-forgotten = Phrase oubliée ?
unlock-forgotten-detail = Sans elle, personne ne peut ouvrir ce que ce navigateur garde. Vous pouvez l’enlever, puis vous reconnecter avec votre mot de passe ou votre clé de secours : vos contacts et l’historique gardé reviennent. Ce qui n’est pas encore envoyé, et les conversations dont l’historique n’est pas gardé, sont perdus dans ce navigateur.
unlock-forget = L’enlever et se reconnecter
delete-account-title = Supprimer mon compte
delete-account-goes = Tout ce que ce serveur garde de votre compte disparaît aussitôt, et ce que ce navigateur garde aussi : vos appareils, vos contacts, votre historique et vos clés. Vos contacts en sont informés. Enregistrez d’abord votre historique dans un fichier si vous voulez le garder.
delete-account-stays = Les textes que d’autres ont reçus leur restent. Personne ne peut annuler cela, et votre adresse ne pourra plus servir ici pendant un certain temps.
delete-account-action = Supprimer mon compte pour toujours
account-deleted = Votre compte est supprimé, ainsi que ce que ce navigateur en gardait.
account-deleted-records-left = Votre compte est supprimé. Ce navigateur n’a pas effacé ce qu’il en gardait : effacez les données de ce site dans les réglages du navigateur.

# Mots que montrent les modules du navigateur ; `word-CLÉ` est `data-word="CLÉ"` sur la page
word-address-empty = Entrez votre adresse e-mail.
word-address-malformed = Ce n’est pas une adresse e-mail. Écrivez-la comme nom@example.org.
word-address-not-ascii = Écrivez l’adresse sans accents ni lettres spéciales.
word-address-too-long = Cette adresse est trop longue.
word-address-unsupported = Une adresse a ici des lettres, des chiffres et . _ + - = ~ ' avant le @, rien d’autre. Prenez-en une autre : rien n’y est envoyé.
word-answer-unreadable = Le serveur a répondu autre chose que Cliquet. Rechargez la page et réessayez.
word-cannot-open = Un message n’a pas pu être ouvert et a été redemandé. Quand il arrive, il apparaît à sa place.
word-directory-refused = Ce que le serveur montre de votre compte ne correspond pas à vos clés. Rien n’a été gardé. Parlez-en à la personne qui s’occupe du serveur avant de continuer.
word-choose-device = Choisissez au moins un appareil à retirer.
word-confirm-other = Le mot $place est un autre. Regardez encore votre papier.
word-confirm-word = Mot $place
word-connecting = Connexion…
word-contact-added = Ajouté. Vous pouvez écrire.
word-contact-blocked = Bloqué. Cette personne ne peut plus vous écrire.
word-contact-device-added = Un appareil a été ajouté à ce compte. Il reçoit désormais ce que vous écrivez.
word-contact-device-removed = Un appareil a été retiré de ce compte. Il ne reçoit plus rien.
word-contact-unblocked = Débloqué.
word-copied = Copié.
word-delivered = Remis
word-device-added = Un nouvel appareil a été ajouté à votre compte. Si ce n’était pas vous, retirez-le.
word-draft = Brouillon
word-edited = modifié
word-device-name = Navigateur
word-device-name-of = $browser sur $system
word-device-name-refused = Un nom a de 1 à 40 caractères, sur une seule ligne.
word-device-revoked = Retiré. Il ne reçoit plus de messages et n’ouvre rien de ce qui est gardé à partir de maintenant.
word-earlier-account = Ce navigateur garde un ancien compte de cette adresse, avec ses messages, que le serveur n’a plus. Appuyez encore pour l’effacer ici et continuer.
word-earlier-vault = Ce que le serveur garde pour vous a été modifié. Il a encore l’état remplacé le $date, qui s’ouvre ; il y manque ce que vous avez décidé depuis pour vos contacts. Appuyez encore pour le remettre et continuer, ou parlez-en d’abord à la personne qui s’occupe du serveur.
word-export-title = Messages de
word-failed = Pas envoyé
word-failed-device-gone = Pas envoyé : ce navigateur n’est plus un appareil de votre compte. Reconnectez-vous.
word-failed-expired = Pas remis : pas relevé en 30 jours.
word-failed-key-changed = Pas envoyé : le numéro de sûreté a changé.
word-failed-mailbox-full = Pas envoyé : sa boîte est pleine. Réessayez plus tard.
word-failed-unanswered = Pas envoyé : cette personne n’a pas encore accepté votre demande.
word-failed-account-deleted = Pas envoyé : ce compte a été supprimé.
word-failed-not-a-contact = Pas envoyé : cette personne ne prend pas de messages de vous.
word-failed-storage-full = Pas envoyé : le serveur est plein. Réessayez plus tard, et prévenez la personne qui s’en occupe.
word-failed-too-large = Pas envoyé : le message est trop grand.
word-failed-unknown-account = Pas envoyé : le compte n’existe plus.
word-history-altered = $count parties de votre historique ne s’ouvrent pas : elles ont été modifiées, ou sont à quelqu’un d’autre. Tout le reste est là.
word-history-behind = Les contacts et les réglages sont en cours de sauvegarde.
word-history-checked = Vérifié à l’instant : relu et ouvert, $count messages.
word-history-checking = Lecture et ouverture…
word-history-full = La place pour votre historique est pleine. Les nouveaux messages restent dans vos navigateurs seulement. Demandez plus de place à la personne qui s’occupe du serveur.
word-history-just-kept = Tout est gardé, à l’instant.
word-history-last-checked = Dernière vérification : $ago. Tout a été relu et ouvert, $count messages.
word-history-last-checked-newest = Dernière vérification : $ago. Les $count messages les plus récents ont été relus et ouverts.
word-history-last-failed = Dernière vérification : $ago. Parties qui ne se sont pas ouvertes : $count.
word-history-last-missing = Dernière vérification : $ago. Parties gardées par vos appareils qui manquent : $count.
word-history-missing = $count parties que vos appareils avaient gardées sur ce serveur manquent : il les cache, ou les a perdues. Tout le reste est là. Enregistrez-le dans un fichier, et parlez-en à la personne qui s’occupe du serveur.
word-history-never-checked = Pas encore vérifié dans ce navigateur.
word-history-waiting = $count messages attendent d’être gardés.
word-history-withheld = Le serveur cache une partie de votre historique que vos appareils y avaient gardée, ou l’a perdue. Ce qu’il a montré est ici. Cherchez le reste sur vos autres appareils, et parlez-en à la personne qui s’occupe du serveur.
word-import-added = Messages ajoutés : $count. Déjà là : $known.
word-import-altered = Ce fichier a été modifié après avoir été enregistré par Cliquet : on ne peut pas s’y fier. Rien n’a changé ici. Prenez le fichier tel qu’il a été enregistré.
word-import-cut-off = La fin de ce fichier manque. Rien n’a changé ici. Copiez-le ou téléchargez-le encore une fois, en entier.
word-import-earlier-account = Ce fichier appartient à un ancien compte de votre adresse. Ses clés ont disparu, donc rien ne le prouve. Vous pouvez toujours l’ouvrir dans un navigateur et le lire.
word-import-foreign = Ce n’est pas un fichier enregistré par Cliquet. Rien n’a changé ici.
word-import-newer = Un Cliquet plus récent a enregistré ce fichier. Rechargez la page, puis réessayez.
word-import-other-account = Ce fichier appartient à $owner ; vous êtes connecté comme $own. Rien n’a changé ici.
word-import-reading = Lecture du fichier…
word-import-strangers = Laissés de côté, car hors de vos contacts : $count messages avec $who. Ajoutez-les d’abord, puis choisissez le fichier à nouveau.
word-import-to-go = Ajout en cours… Encore $count messages. Cela continue si vous quittez cette page.
word-import-too-large = Ce fichier dépasse 256 Mo, plus que ce qui peut être lu ici. Vous pouvez toujours l’ouvrir dans un navigateur et le lire.
word-import-unreadable = Le navigateur n’a pas pu lire ce fichier. Rien n’a changé ici.
word-insecure-page = Cette page n’est pas protégée par https : le navigateur refuse de fabriquer des clés. Ouvrez-la par son adresse https.
word-key-changed = Le numéro de sûreté a changé. C’est peut-être un nouveau compte sous la même adresse, ou quelqu’un entre vous. Comparez-le avant d’écrire quoi que ce soit de privé.
word-list-forked = Le serveur montre deux listes d’appareils différentes sous le même numéro. Rien n’a été repris ; comparez le numéro de sûreté avec cette personne avant de continuer.
word-list-older = Le serveur montre une liste d’appareils plus ancienne qu’auparavant. Un appareil retiré pourrait continuer à lire. Rien n’a été repris ; parlez-en à la personne qui s’occupe du serveur.
word-list-stale = La liste des appareils de cette personne n’a pas été renouvelée depuis un mois. Elle n’est pas venue ici depuis, ou le serveur cache une liste plus récente. Si elle a pu perdre un appareil, demandez-le-lui par un autre moyen avant d’écrire quoi que ce soit de privé.
word-making-keys = Fabrication de vos clés…
word-making-recovery-key = Création de votre clé de secours…
word-message-deleted = Ce message a été supprimé.
word-message-empty = Ce message ne contient aucun texte visible.
word-message-too-long = Ce message est trop long. Envoyez-le en plusieurs fois.
word-new-message = Nouveau message
word-new-request = Nouvelle demande de contact
word-newer-version = Un Cliquet plus récent a écrit ce message. Rechargez la page pour le lire.
word-no-answer = Le serveur ne répond pas. Réessayez dans un instant.
word-no-connection = Le serveur est hors d’atteinte. Vérifiez votre connexion et réessayez.
word-no-device = Ce navigateur n’est pas un appareil de votre compte. Déconnectez-vous puis reconnectez-vous pour l’ajouter.
word-not-proven = Ce que le serveur montre d’un compte n’est pas signé par ce compte. Rien n’a été repris. Réessayez plus tard ; si cela dure, parlez-en à la personne qui s’occupe du serveur.
word-offline = Hors ligne. Ce que vous écrivez attend ici et partira à votre retour.
word-online = Connecté
word-other-tab-leads = Connecté par un autre onglet
word-other-version = Cet onglet et un autre font tourner des versions différentes de Cliquet. Rechargez celui-ci ; si cela dure, fermez les autres.
word-own-list-forked = Le serveur montre à vos appareils deux listes différentes sous le même numéro. Un appareil que vous avez retiré pourrait continuer à lire. Regardez vos appareils, retirez de nouveau ce qui n’est pas à vous, et parlez-en à la personne qui s’occupe du serveur.
word-page-broken = Il manque une partie de cette page. Rechargez-la.
word-part-not-loaded = Une partie de Cliquet n’a pas pu être chargée. Vérifiez votre connexion et réessayez ; si cela dure, rechargez la page.
word-passphrase-changed = La phrase secrète est changée.
word-passphrase-empty = Entrez la phrase secrète de ce navigateur.
word-passphrase-needed = Ce navigateur demande aussi sa phrase secrète. Entrez-la là où vous vous connectez.
word-passphrase-removed = Ce navigateur ne demande plus de phrase secrète.
word-passphrase-set = À partir du prochain démarrage, ce navigateur demande la phrase secrète.
word-passphrase-too-long = Cette phrase est trop longue.
word-passphrase-too-short = La phrase secrète doit avoir au moins 8 caractères.
word-passphrase-wrong = Ce n’est pas la phrase secrète de ce navigateur. Rien n’a été modifié ; réessayez.
word-passphrases-differ = Les deux phrases ne sont pas les mêmes.
word-password-changed = Votre mot de passe est changé. Les autres appareils doivent se reconnecter.
word-password-empty = Entrez votre mot de passe.
word-password-step-failed = Le mot de passe n’a pas pu être traité : le serveur a répondu autre chose, ou cet appareil manque de mémoire. Réessayez.
word-password-too-long = Ce mot de passe est trop long.
word-password-too-short = Le mot de passe doit avoir au moins 8 caractères.
word-passwords-differ = Les deux mots de passe ne sont pas les mêmes.
word-pre-keys-invented = Le serveur prétend avoir des clés de ce navigateur qui n’ont jamais été faites ici. Rien n’a été repris ; parlez-en à la personne qui s’occupe du serveur.
word-recovery-checksum = Un des mots n’est pas le bon, ou deux ont changé de place. Comparez chacun avec votre papier.
word-recovery-count = Une clé de secours a 24 mots ; en voici $count.
word-recovery-empty = Entrez les 24 mots de votre clé de secours.
word-recovery-key-set = Votre clé de secours est en place. L’ancienne, s’il y en avait une, n’ouvre plus rien.
word-recovery-mismatch = Cette clé de secours n’ouvre pas ce compte. Peut-être en a-t-on créé une nouvelle depuis.
word-recovery-not-in-list = Le mot $place n’est pas un mot de clé de secours. Regardez encore votre papier.
word-removing-devices = Retrait…
word-read = Lu
word-restoring = Retour de votre historique… $count messages
word-retry = Réessayer
word-retry-in-minutes = Réessayez dans $count minutes.
word-retry-in-seconds = Réessayez dans $count secondes.
word-sent = Envoyé
word-server-gone = Le serveur ne répond pas. Nouvel essai en cours.
word-sign-in-refused = L’adresse et le mot de passe ne vont pas ensemble. Vérifiez les deux et réessayez.
word-sign-up-answer-lost = La réponse du serveur s’est perdue en route. Appuyez encore pour finir.
word-signed-out = Vous êtes déconnecté. Reconnectez-vous ; ce qui attend d’être envoyé reste ici.
word-storage-damaged = Ce que ce navigateur gardait ne s’ouvre plus. Effacez les données de ce site, puis reconnectez-vous.
word-storage-full = Le stockage de ce navigateur est plein. Faites de la place, puis réessayez. Ce que les autres écrivent attend sur le serveur.
word-storage-gone = Ce navigateur a effacé ce que Cliquet y gardait. Déconnectez-vous dans le menu, puis reconnectez-vous : il devient un nouvel appareil du même compte.
word-storage-other-version = Un autre onglet fait tourner un Cliquet plus ancien. Fermez ou rechargez les autres, puis réessayez.
word-storage-refused = Ce navigateur refuse de garder quoi que ce soit : les messages seraient perdus. Quittez la fenêtre privée, ou autorisez le stockage pour ce site.
word-today = Aujourd’hui
word-unread = non lus
word-vault-altered = Ce que le serveur garde pour vous a été modifié, ou est à quelqu’un d’autre. Rien n’a été changé. Demandez à la personne qui s’occupe du serveur avant de continuer.
word-vault-locked = Ce que le serveur garde pour vous ne s’ouvre pas avec les clés de ce navigateur. Si vous avez retiré un appareil ailleurs, déconnectez-vous puis reconnectez-vous ici. Sinon, le serveur l’a modifié : parlez-en à la personne qui s’en occupe.
word-vault-older = Le serveur montre un état de votre coffre plus ancien qu’auparavant. Rien n’a été repris ; parlez-en à la personne qui s’occupe du serveur.
word-vault-outdated = Un autre de vos appareils a été plus rapide. Réessayez.
word-vault-put-back = Ce que le serveur garde pour vous avait été modifié, ou datait d’avant. Ce navigateur a remis ce qu’il connaissait. Demandez à la personne qui s’occupe du serveur ce qui s’est passé.
word-vault-refused = Votre mot de passe est juste, mais ce que le serveur garde pour vous ne s’ouvre pas avec lui : cela a été modifié, ou est à quelqu’un d’autre. Rien n’a été changé. Parlez-en à la personne qui s’occupe du serveur avant de continuer.
word-waiting = En attente
word-web-crypto-refused = Ce navigateur a refusé de fabriquer ou d’utiliser une clé. Réessayez, ou prenez un navigateur à jour.
word-working-change-password = Changement du mot de passe…
word-deleting-account = Suppression de votre compte…
word-editing = Modifier le message
word-forwarded = Transféré.
word-message-empty-edit = Un texte vide ne peut pas remplacer un message. Pour retirer le message, supprimez-le.
word-message-not-possible = Ce n’est pas possible avec ce message. Il a peut-être été supprimé entre-temps.
word-message-too-late = Ce message a été écrit il y a plus d’un jour. Il ne peut plus être modifié, ni supprimé pour tous.
word-not-copied = Le texte n’a pas pu être copié. Sélectionnez-le et copiez-le au clavier, ou ouvrez Cliquet en HTTPS.
word-quoted-gone = Ce message n’est pas sur cet appareil.
word-reply-to = Répondre à $name
word-reply-to-own = Répondre à vous-même
word-working-loading = Chargement…
word-working-lock = Verrouillage de ce que ce navigateur garde…
word-working-password = Vérification du mot de passe…
word-working-sign-in = Ouverture de votre compte…
word-working-sign-up = Création de votre compte…
word-working-unlock = Vérification de la phrase secrète…
word-wrong-password = Ce n’est pas votre mot de passe actuel.
word-yesterday = Hier
word-you = Vous
