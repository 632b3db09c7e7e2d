"""What one member has of a group: its statements, the others' delivery tokens, and what was said too early."""

import content
from chain import Chain, Statement
from notation import Refused, refuse_unless


class Conversation:
    def __init__(self, group):
        self.id, self.chain, self.tokens, self.waiting = group, None, {}, []

    @property
    def state(self):
        return self.chain.state

    def within(self):
        return content.Within(self.id, self.chain.head)

    def takes(self, signed):
        """Takes in statements. Answers how many of them it did not take."""
        statements, refused = [], 0
        for one in signed:
            try:
                statements.append(Statement(one))
            except Refused:
                refused += 1
        known = [] if self.chain is None else list(self.chain.known.values())
        founding = [it for it in [*known, *statements] if it.version == 1 and it.hash[:16] == self.id]
        refuse_unless(founding, "no such group")
        self.chain = Chain(founding[0], [*known, *statements])
        return refused + sum(it.hash not in self.chain.known for it in statements)

    def introduces(self, *members):
        """Whether each of these accounts is a member, or was one."""
        states = [self.chain.states[it.hash] for it in self.chain.path]
        return all(any(state.has(address, key_hash) for state in states) for address, key_hash in members)

    def hears(self, said, key_hash):
        """A text, when its sender may say it (G3). None: not now."""
        allowed = self.state.has(said.sender, key_hash) and self.state.may_write(said.sender)
        if not allowed and said.within.head not in self.chain.known:
            self.waiting.append((said, key_hash))
        return said.fields[1] if allowed else None

    def heard_late(self):
        """The texts for which the statements have come now."""
        waiting, self.waiting = self.waiting, []
        heard = [self.hears(said, key_hash) for said, key_hash in waiting]
        return [text for text in heard if text is not None]

    def takes_tokens(self, said):
        """Of members, the higher number counts, and of equal ones the greater bytes."""
        for one in said:
            address, token = one[0], one[1]
            if address in self.state.members:
                told = (token[1], token[0])
                self.tokens[address] = max(told, self.tokens.get(address, told))

    def token(self, address):
        return self.tokens[address][1] if address in self.tokens else None
