"""What a group's statements come to: their form, which of them are valid, and which count."""

import re
import unicodedata
from functools import cmp_to_key

import cbor2
import plain_cbor
from notation import Refused, field, labelled, refuse_unless, sha256
from statements import verify

MEMBER, ADMIN = 0, 1
ADD, CHANGE, WRITE = 0, 1, 2
ADMINS, EVERYONE = 0, 1
STATEMENT_BYTES_MAX = 20_480
CHANGES_MAX = 64
MEMBERS_MAX = 50
HANDED_OVER_MAX = 100
NAME_BYTES_MAX, DESCRIPTION_BYTES_MAX = 96, 512
SECONDS_MIN, SECONDS_MAX = 300, 31_536_000

WHITE_SPACE = {*range(9, 14), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}
HIDDEN = {
    *(0xAD, 0x61C, 0x115F, 0x1160, 0x200B, 0x200E, 0x200F, 0x3164, 0xFEFF, 0xFFA0),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),
}
ATOM = r"[a-z0-9+\-_=~']+"
LABEL = r"(?!-)[a-z0-9\-]{1,63}(?<!-)"
ADDRESS = re.compile(rf"({ATOM}(?:\.{ATOM})*)@((?:{LABEL}\.)+(?![0-9]+\Z){LABEL})")


def is_address(it):
    found = isinstance(it, str) and it.isascii() and len(it) <= 254 and ADDRESS.fullmatch(it)
    return bool(found) and len(found[1]) <= 64


def is_line(it, bytes_max):
    """One line that shows as it reads."""
    if not isinstance(it, str) or not 1 <= len(it.encode()) <= bytes_max:
        return False
    hides = any(unicodedata.category(char) == "Cc" or ord(char) in HIDDEN for char in it)
    spaces = [char for char in it if ord(char) in WHITE_SPACE]
    is_spaced = all(char == " " for char in spaces) and it == it.strip(" ") and "  " not in it
    return not hides and is_spaced


def is_hash(it):
    return isinstance(it, bytes) and len(it) == 32


def is_number(it, least, greatest):
    return type(it) is int and least <= it <= greatest


def is_one_of(it, *numbers):
    return type(it) is int and it in numbers


def role(it):
    return is_one_of(it, MEMBER, ADMIN)


# Of each change by its number: what each of its fields may be.
FORMS = [
    [is_address, is_hash, role, lambda count: count is None or is_number(count, 1, HANDED_OVER_MAX)],
    [is_address],
    [is_address, role],
    [lambda name: is_line(name, NAME_BYTES_MAX)],
    [lambda text: text is None or is_line(text, DESCRIPTION_BYTES_MAX)],
    [lambda picture: picture is None or is_hash(picture)],
    [lambda seconds: seconds is None or is_number(seconds, SECONDS_MIN, SECONDS_MAX)],
    [lambda right: is_one_of(right, ADD, CHANGE, WRITE), lambda who: is_one_of(who, ADMINS, EVERYONE)],
]


def read_change(change):
    """Its number and its fields. A null at the end may be left out, and what is behind them is skipped."""
    refuse_unless(isinstance(change, list) and len(change) == 2, "form")
    number, fields = change
    refuse_unless(is_number(number, 0, len(FORMS) - 1) and isinstance(fields, list), "form")
    form = FORMS[number]
    fields = [*fields, *[None] * len(form)][: len(form)]
    refuse_unless(all(fits(it) for fits, it in zip(form, fields)), "form")
    return number, fields


class Statement:
    """One whose form and signature are right. Whether its author may say it is another question."""

    def __init__(self, signed):
        self.signed = signed
        encoding = signed[0]
        refuse_unless(len(encoding) <= STATEMENT_BYTES_MAX, "too long")
        self.hash = sha256(covered(encoding))
        said = plain_cbor.read(encoding)
        refuse_unless(isinstance(said, dict) and {0, 1, 2, 3, 4, 5} <= said.keys(), "form")
        self.previous, self.version, time, self.author, self.key, changes = (said[number] for number in range(6))
        refuse_unless(is_hash(self.previous) and is_number(self.version, 1, 2**32 - 1), "form")
        refuse_unless(is_number(time, 0, 2**64 - 1) and is_address(self.author), "form")
        refuse_unless(isinstance(self.key, bytes) and isinstance(changes, list), "form")
        refuse_unless(1 <= len(changes) <= CHANGES_MAX, "form")
        self.changes = [read_change(change) for change in changes]
        verify(self.key, covered(encoding), signed[1])


def covered(encoding):
    return labelled("Cliquet/1 group statement") + field(encoding)


def sign(own, author, previous, version, time, changes):
    """A statement as it is sent."""
    said = {0: previous, 1: version, 2: time, 3: author, 4: own.der, 5: changes}
    encoding = cbor2.dumps(said)
    return {0: encoding, 1: own.sign(covered(encoding))}


class State:
    def __init__(self):
        # By address: hash of the key, role, the version since which it is so.
        self.members, self.name, self.set = {}, "", {4: None, 5: None, 6: None}
        self.rights = {ADD: ADMINS, CHANGE: ADMINS, WRITE: EVERYONE}

    def has(self, address, key_hash):
        return address in self.members and self.members[address][0] == key_hash

    def may_write(self, address):
        return self.members[address][1] == ADMIN or self.rights[WRITE] == EVERYONE

    def after(self, statement):
        refuse_unless(self.has(statement.author, sha256(statement.key)), "author")
        role = self.members[statement.author][1]
        new = State()
        new.members, new.name, new.set, new.rights = dict(self.members), self.name, dict(self.set), dict(self.rights)
        changes = statement.changes
        if statement.version == 1:
            changes = changes[1:]
        for number, fields in changes:
            refuse_unless(role == ADMIN or self.allows(statement.author, number, fields), "not allowed")
            new.change(statement.version, number, fields)
        refuse_unless(len(new.members) <= MEMBERS_MAX, "too many")
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
                address, key_hash, role, _ = fields
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

    def seniority(self, address):
        _, role, since = self.members.get(address, (None, MEMBER, None))
        return (since, address) if role == ADMIN else None


def founded_by(first):
    founds = (0, [first.author, sha256(first.key), ADMIN, None])
    refuse_unless(first.changes[0] == founds and first.version == 1, "first")
    state = State()
    state.members[first.author] = (sha256(first.key), ADMIN, 0)
    return state.after(first)


class Chain:
    """The valid ones of a group's statements, in whatever order they came, and the path of those that count."""

    def __init__(self, first, statements):
        self.id = first.hash[:16]
        self.states = {first.hash: founded_by(first)}
        self.known, self.followers = {first.hash: first}, {}
        for statement in sorted(statements, key=lambda it: it.version):
            before = self.known.get(statement.previous)
            if before is None or before.version + 1 != statement.version:
                continue
            try:
                self.states[statement.hash] = self.states[statement.previous].after(statement)
            except Refused:
                continue
            if statement.hash not in self.known:
                self.known[statement.hash] = statement
                self.followers.setdefault(statement.previous, []).append(statement)
        self.path = self.branch(first)

    @property
    def state(self):
        return self.states[self.head]

    @property
    def head(self):
        return self.path[-1].hash

    def after(self, head):
        """What somebody lacks who knows the path up to this statement; everything, if it is not on the path."""
        hashes = [it.hash for it in self.path]
        if head in hashes:
            return self.path[hashes.index(head) + 1 :]
        return sorted(self.known.values(), key=lambda it: it.version)

    def branch(self, first):
        """The statements that count from this one on."""
        branches = [self.branch(one) for one in self.followers.get(first.hash, [])]
        before = self.states[first.hash]
        compare = lambda one, other: -1 if self.weight(before, one) < self.weight(before, other) else 1
        best = min(branches, key=cmp_to_key(compare)) if branches else []
        return [first, *best]

    def weight(self, before, branch):
        admins = [before.seniority(it.author) for it in branch if before.seniority(it.author)]
        senior = min(admins, default=None)
        gives_up = any(
            senior and it.author == senior[1] and self.states[it.hash].seniority(it.author) is None for it in branch
        )
        return (senior is None, senior or (0, ""), not gives_up, branch[0].hash)
