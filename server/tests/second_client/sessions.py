"""The sessions with one other device: which of them sends, and which one decrypts an envelope."""

from envelope import open_with
from notation import Refused

SESSIONS_MAX = 5


class Sessions:
    def __init__(self):
        """The active one is the first."""
        self.kept = []

    @property
    def active(self):
        return self.kept[0]

    def begins(self, session):
        """One that this device initiates. Those before it never send again."""
        session.initiated = True
        self.keep([session, *(it.copy(given_up=True) for it in self.kept)])

    def keep(self, sessions):
        self.kept = sessions[:SESSIONS_MAX]

    def sends(self):
        """A copy of the active session, to seal with; it takes the place of the active one when it has."""
        return self.active.copy()

    def sent(self, session):
        self.keep([session, *self.kept[1:]])

    def decrypts(self, envelope, session_id, accept):
        """The content. `session_id`: of a pre-key message; `accept` begins the session that it names. Nothing changes
        when it cannot be decrypted.
        """
        if session_id is not None and all(it.id != session_id for it in self.kept):
            session = accept()
            content = open_with(session, envelope)
            self.accepted(session)
            return content
        for place, known in enumerate(self.kept):
            session = known.copy()
            try:
                content = open_with(session, envelope)
            except Refused:
                continue
            session.answered = True
            others = [it for it in self.kept if it is not known]
            stays = place == 0 or known.given_up or (self.active.initiated and not self.active.answered)
            self.keep([*others[:place], session, *others[place:]] if stays else [session, *others])
            return content
        raise Refused("not authentic")

    def accepted(self, session):
        """When both sides begin at once, the session with the lower id stays active, once."""
        first = self.kept[0] if self.kept else None
        if first and first.initiated and not first.answered and not first.stayed and first.id < session.id:
            first.stayed = True
            self.keep([first, session, *self.kept[1:]])
        else:
            self.keep([session, *self.kept])
