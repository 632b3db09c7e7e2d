# Ce que Cliquet dit des messages éphémères, en français.

word-message-expired = Ce message a disparu avant d’être remis. Il peut encore arriver.
word-timer-set = $name a réglé la disparition des messages après $time.
word-timer-set-own = Vous avez réglé la disparition des messages après $time.
word-timer-off = $name a désactivé les messages éphémères.
word-timer-off-own = Vous avez désactivé les messages éphémères.

# Le menu de la conversation et ses lignes
timer = Messages éphémères
timer-off = Non
timer-300 = 5 minutes
timer-3600 = 1 heure
timer-28800 = 8 heures
timer-86400 = 1 jour
timer-604800 = 1 semaine
timer-2419200 = 4 semaines
timer-own = Une autre durée
timer-unit = Unité
timer-minutes = minutes
timer-hours = heures
timer-days = jours
timer-save = Régler
timer-detail = Les nouveaux messages des deux côtés disparaissent après cette durée une fois lus, sur tous les appareils. Les précédents restent. Rien n’empêche l’autre personne de photographier l’écran.
word-timer-limits = Choisissez une durée de 5 minutes à 365 jours.
word-timer-on = Les nouveaux messages disparaissent après $time
word-time-left = Disparaît dans $time
