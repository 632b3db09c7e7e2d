"""What a group's statements come to, written from docs/protocol.md alone.

Reads one JSON line with a list of signed statements in base64, in any order, and answers one line: the group, as far as
the statements are valid.
"""

import base64
import json
import sys
from functools import cmp_to_key

import cbor2
from client import Refused, b64, field, labelled, refuse_unless, sha256, verify

MEMBER, ADMIN = 0, 1
ADD, CHANGE, WRITE = 0, 1, 2
ADMINS, EVERYONE = 0, 1


class Statement:
    def __init__(self, signed):
        kept = cbor2.loads(signed)
        self.encoding = kept[0]
        refuse_unless(len(self.encoding) <= 20_480, "too long")
        covered = labelled("Cliquet/1 group statement") + field(self.encoding)
        self.hash = sha256(covered)
        said = cbor2.loads(self.encoding)
        self.previous, self.version, self.author, self.key = said[0], said[1], said[3], said[4]
        self.changes = [(number, fields) for number, fields in said[5]]
        refuse_unless(1 <= len(self.changes) <= 64 and self.version >= 1, "form")
        verify(self.key, covered, b64(kept[1]))


class State:
    def __init__(self):
        # By address: hash of the key, role, the version since which it is so.
        self.members, self.name, self.set = {}, "", {4: None, 5: None, 6: None}
        self.rights = {ADD: ADMINS, CHANGE: ADMINS, WRITE: EVERYONE}

    def after(self, statement):
        author = self.members.get(statement.author)
        refuse_unless(author is not None and author[0] == sha256(statement.key), "author")
        new = State()
        new.members, new.name, new.set, new.rights = dict(self.members), self.name, dict(self.set), dict(self.rights)
        changes = statement.changes
        if statement.version == 1:
            changes = changes[1:]
        for number, fields in changes:
            refuse_unless(author[1] == ADMIN or self.allows(statement.author, number, fields), "not allowed")
            new.change(statement.version, number, fields)
        refuse_unless(len(new.members) <= 50, "too many")
        refuse_unless(not new.members or any(role == ADMIN for _, role, _ in new.members.values()), "no admin")
        return new

    def allows(self, author, number, fields):
        if number == 0:
            return self.rights[ADD] == EVERYONE and fields[2] == MEMBER
        if number == 1:
            return fields[0] == author
        return number in (3, 4, 5, 6) and self.rights[CHANGE] == EVERYONE

    def change(self, version, number, fields):
        match number:
            case 0:
                address, key_hash, role = fields
                refuse_unless(address not in self.members, "no change")
                self.members[address] = (key_hash, role, version)
            case 1:
                refuse_unless(self.members.pop(fields[0], None) is not None, "no change")
            case 2:
                address, role = fields
                key_hash, before, _ = self.members.get(address, (None, role, None))
                refuse_unless(before != role, "no change")
                self.members[address] = (key_hash, role, version)
            case 3:
                refuse_unless(self.name != fields[0], "no change")
                self.name = fields[0]
            case 4 | 5 | 6:
                refuse_unless(self.set[number] != fields[0], "no change")
                self.set[number] = fields[0]
            case 7:
                right, who = fields
                refuse_unless(self.rights[right] != who, "no change")
                self.rights[right] = who
            case _:
                raise Refused("unknown change")

    def seniority(self, address):
        _, role, since = self.members.get(address, (None, MEMBER, None))
        return (since, address) if role == ADMIN else None


def founded_by(first):
    founds = (0, [first.author, sha256(first.key), ADMIN])
    number, fields = first.changes[0]
    refuse_unless((number, list(fields)) == founds and first.version == 1, "first")
    state = State()
    state.members[first.author] = (sha256(first.key), ADMIN, 0)
    return state.after(first)


class Group:
    def __init__(self, statements):
        self.first = next(it for it in statements if it.version == 1)
        self.states = {self.first.hash: founded_by(self.first)}
        self.followers = {}
        for statement in sorted(statements, key=lambda it: it.version):
            before = self.states.get(statement.previous)
            known = next((it for it in statements if it.hash == statement.previous), None)
            if before is None or known is None or known.version + 1 != statement.version:
                continue
            try:
                self.states[statement.hash] = before.after(statement)
            except Refused:
                continue
            self.followers.setdefault(statement.previous, []).append(statement)

    def branch(self, first):
        """The statements that count from this one on."""
        following = self.followers.get(first.hash, [])
        branches = [self.branch(one) for one in following]
        before = self.states[first.hash]
        compare = lambda one, other: self.compare(before, one, other)
        best = min(branches, key=cmp_to_key(compare)) if branches else []
        return [first, *best]

    def compare(self, before, one, other):
        keys = [self.weight(before, branch) for branch in (one, other)]
        return -1 if keys[0] < keys[1] else 1

    def weight(self, before, branch):
        admins = [before.seniority(it.author) for it in branch if before.seniority(it.author)]
        senior = min(admins, default=None)
        gives_up = any(
            senior and it.author == senior[1] and self.states[it.hash].seniority(it.author) is None for it in branch
        )
        return (senior is None, senior or (0, ""), not gives_up, branch[0].hash)


def read(encoded):
    try:
        return Statement(base64.b64decode(encoded))
    except Refused:
        return None


def main():
    statements = [it for it in map(read, json.loads(sys.stdin.readline())) if it]
    group = Group(statements)
    path = group.branch(group.first)
    state = group.states[path[-1].hash]
    roles = {address: ["member", "admin"][role] for address, (_, role, _) in state.members.items()}
    hashes = [it.hash.hex() for it in path]
    print(json.dumps({"id": group.first.hash[:16].hex(), "path": hashes, "name": state.name, "members": roles}))


main()
