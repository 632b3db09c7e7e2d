# Ce que l’on s’écrit à soi-même
notes = Note à soi-même
notes-empty-title = Un endroit pour vous
notes-empty-detail = Ce que vous écrivez ici est cacheté et gardé sur tous vos appareils. Personne d’autre ne le reçoit.
notes-clear-detail = Toutes les notes sont supprimées de tous vos appareils, définitivement.
word-notes = Note à soi-même
