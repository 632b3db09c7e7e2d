# La page des administrateurs
admin-link = Administration
admin-title = Administration
admin-intro = Cette page ne montre ni contacts, ni groupes, ni textes. Le serveur n’a pas les textes, et vous n’avez pas besoin du reste. Rien n’est supprimé ici : cela se fait sur la ligne de commande du serveur.
admin-back = Retour à vos messages
admin-version = Version
admin-registration = Nouveaux comptes
admin-registration-open = pour tous
admin-registration-invite = sur invitation
admin-registration-closed = aucun
admin-stored = Gardé sur ce serveur
admin-free = Libre sur son disque
admin-waiting = Enveloppes en attente
admin-waiting-unknown = inconnu pour l’instant
admin-megabytes = { $number } Mo
admin-invites = Invitations
admin-invites-detail = Chacune est un lien par lequel quelqu’un ouvre un compte. Il est montré une seule fois.
admin-invites-closed = Ce serveur ne prend pas de nouveaux comptes : les invitations ne laissent entrer personne. Le réglage est `registration`.
admin-invite-uses = Pour combien de comptes ?
admin-invite-create = Créer une invitation
admin-invite-made = { $uses ->
    [one] Ce lien vaut pour un compte, pendant { $days } jours. Envoyez-le à la personne que vous invitez ; il n’est plus montré ensuite.
   *[other] Ce lien vaut pour { $uses } comptes, pendant { $days } jours. Envoyez-le aux personnes que vous invitez ; il n’est plus montré ensuite.
}
admin-invite-code = Le lien sous forme de code QR
admin-invite = Invitation { $number }
admin-invite-open = ouverte jusqu’au { $date }
admin-invite-used = épuisée
admin-invite-expired = finie depuis le { $date }
admin-invite-used-of = { $used } sur { $uses } utilisées
admin-invite-revoke = Reprendre
admin-invite-revoke-this = Reprendre l’invitation { $number }
admin-accounts = { $count ->
    [one] Un compte
   *[other] { $count } comptes
}
admin-accounts-detail = La dernière présence est connue au jour près.
admin-accounts-more = Les { $count } plus récents sont montrés. `cliquet account list` les montre tous.
admin-is-admin = administrateur
admin-is-me = vous
admin-is-suspended = suspendu depuis le { $date }
admin-since = depuis le { $date }
admin-last-seen = vu le { $date }
admin-devices = { $count ->
    [one] un appareil
   *[other] { $count } appareils
}
admin-suspend = Suspendre
admin-suspend-this = Suspendre { $address }
admin-suspend-detail = Il est déconnecté partout, et personne ne peut s’y connecter. Rien n’en est supprimé, et ses contacts ne sont pas prévenus.
admin-resume = Réadmettre
admin-resume-this = Réadmettre { $address }
admin-announcement = Un mot à tous
admin-announcement-label = Affiché au-dessus des conversations de tous
admin-announcement-detail = Jusqu’à { $count } caractères, par exemple quand le serveur sera absent. Toute personne qui ouvre Cliquet le lit. Laissez vide pour ne rien afficher.
admin-announcement-save = Enregistrer
admin-log = Ce qui a été fait
admin-log-detail = Sur cette page et sur la ligne de commande, le plus récent d’abord. Gardé un an.
admin-log-empty = Rien pour l’instant.
admin-log-command-line = ligne de commande
admin-log-create-invite = invitation { $subject } créée
admin-log-revoke-invite = invitation { $subject } reprise
admin-log-suspend-account = { $subject } suspendu
admin-log-resume-account = { $subject } réadmis
admin-log-delete-account = { $subject } supprimé
admin-log-promote-account = { $subject } est devenu administrateur
admin-log-demote-account = { $subject } n’est plus administrateur
admin-log-announce = dit à tous : { $subject }
admin-log-announce-nothing = a retiré le mot à tous
announcement-from = De la personne qui gère ce serveur
