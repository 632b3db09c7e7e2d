"""A second client, written from docs/protocol.md alone, to show that it is enough. For tests only: it has one device,
keeps everything in memory, asks for nothing that was lost, and nothing here is hardened against timing.

Reads one JSON command a line, answers one JSON line.
"""

import hmac
import json
import os
import sys
import uuid

import chain
import content
from content import ASK_STATEMENTS, CONTACT_REQUEST, DELIVERY_TOKEN, STATEMENTS, TEXT
from conversation import Conversation
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from envelope import seal
from notation import ZEROS, Refused, b64, field, hkdf, labelled, now_ms, refuse_unless, sha256, unb64, uuid7
from ratchet import Session, agree, first_secret, public, session_id
from sessions import Sessions
from statements import (
    AccountKey,
    certificate_statement,
    check_bundle,
    check_directory,
    check_pre_key_message,
    kem_statement,
    list_statement,
    signed_pre_key,
    signed_statement,
)


class Account:
    """Another account: its pinned key and, once its directory was seen, its devices."""

    def __init__(self, der):
        self.hash, self.devices = sha256(der), []


class Client:
    def __init__(self, own_email):
        self.email, self.account = own_email, AccountKey()
        self.identity = X25519PrivateKey.generate()
        self.device = str(uuid.uuid4())
        self.certificate = {
            "email": own_email,
            "account_key_hash": b64(self.account.hash),
            "device": self.device,
            "identity_key": b64(public(self.identity)),
            "created": now_ms(),
            "counter": 1,
        }
        self.certificate["signature"] = b64(self.account.sign(certificate_statement(self.certificate)))
        self.list = {
            "email": own_email,
            "account_key_hash": b64(self.account.hash),
            "counter": 1,
            "devices": [self.device],
            "signed": now_ms(),
        }
        self.list["signature"] = b64(self.account.sign(list_statement(self.list)))
        self.signed, self.kem = X25519PrivateKey.generate(), MLKEM768PrivateKey.generate()
        self.one_time = {number: X25519PrivateKey.generate() for number in range(2, 102)}
        self.accounts, self.sessions, self.groups, self.token = {}, {}, {}, None

    def directory(self):
        signed = {"device_list": self.list, "certificates": [self.certificate]}
        return {"email": self.email, "account_key": b64(self.account.der), **signed}

    def pre_keys(self):
        sign = lambda of, key: signed_pre_key(self.account, of, self.account.hash, self.device, key)
        return {
            "signed": sign(signed_statement, {"id": 1, "key": b64(public(self.signed))}),
            "kem": sign(kem_statement, {"id": 1, "key": b64(self.kem.public_key().public_bytes_raw())}),
            "one_time": [{"id": number, "key": b64(public(secret))} for number, secret in self.one_time.items()],
        }

    def bundle(self):
        published = self.pre_keys()
        return {"certificate": self.certificate, **published, "one_time": published["one_time"][0]}

    def prove(self, challenge, attempt, finalization):
        challenge = unb64(challenge, 32)
        key = hkdf(ZEROS, agree(self.identity, challenge), "Cliquet/1 device proof key", 32)
        fields = [certificate_statement(self.certificate), challenge, uuid.UUID(attempt).bytes, unb64(finalization)]
        statement = labelled("Cliquet/1 device proof") + b"".join(map(field, fields))
        return {"device": self.device, "proof": b64(hmac.digest(key, statement, "sha256"))}

    # Sessions

    def meets(self, directory):
        """Answers the devices with which there is no session yet."""
        account = self.pinned(directory["email"], check_directory(directory))
        account.devices = directory["device_list"]["devices"]
        return [device for device in account.devices if (directory["email"], device) not in self.sessions]

    def pinned(self, address, der):
        account = self.accounts.setdefault(address, Account(der))
        refuse_unless(account.hash == sha256(der), "another key")
        return account

    def begin(self, directory, bundle):
        self.meets(directory)
        check_bundle(bundle, directory)
        certificate, signed, kem = bundle["certificate"], bundle["signed"], bundle["kem"]
        ephemeral, spk, ik = X25519PrivateKey.generate(), unb64(signed["key"], 32), unb64(certificate["identity_key"], 32)
        parts = [agree(self.identity, spk), agree(ephemeral, ik), agree(ephemeral, spk)]
        one_time = bundle.get("one_time")
        if one_time:
            parts.append(agree(ephemeral, unb64(one_time["key"], 32)))
        shared, ciphertext = MLKEM768PublicKey.from_public_bytes(unb64(kem["key"], 1184)).encapsulate()
        pre_key_message = {
            "account_key": b64(self.account.der),
            "certificate": self.certificate,
            "ephemeral_key": b64(public(ephemeral)),
            "signed_pre_key_id": signed["id"],
            "kem_pre_key_id": kem["id"],
            "one_time_pre_key_id": one_time["id"] if one_time else None,
            "kem_ciphertext": b64(ciphertext),
        }
        session = Session(session_id(self.certificate, certificate, pre_key_message), certificate, pre_key_message)
        session.begin(first_secret([*parts, shared]), spk)
        self.sessions.setdefault((certificate["email"], certificate["device"]), Sessions()).begins(session)

    def accept(self, envelope):
        """The session that a pre-key message begins. It was checked."""
        pre_key_message, certificate = envelope["pre_key_message"], envelope["pre_key_message"]["certificate"]
        refuse_unless(pre_key_message["signed_pre_key_id"] == pre_key_message["kem_pre_key_id"] == 1, "pre-key is gone")
        ephemeral, ik = unb64(pre_key_message["ephemeral_key"], 32), unb64(certificate["identity_key"], 32)
        parts = [agree(self.signed, ik), agree(self.identity, ephemeral), agree(self.signed, ephemeral)]
        one_time = pre_key_message["one_time_pre_key_id"]
        if one_time is not None:
            refuse_unless(one_time in self.one_time, "pre-key is gone")
            parts.append(agree(self.one_time[one_time], ephemeral))
        shared = self.kem.decapsulate(unb64(pre_key_message["kem_ciphertext"], 1088))
        session = Session(session_id(certificate, self.certificate, pre_key_message), certificate, None)
        session.accept(first_secret([*parts, shared]), self.signed, unb64(envelope["new_ratchet_public_key"], 32))
        return session

    def seals(self, to, kind, fields, within=None):
        """An envelope for each device of these accounts."""
        devices = [(address, device) for address in to for device in self.accounts[address].devices]
        missing = [place for place in devices if place not in self.sessions]
        refuse_unless(not missing, "no session")
        envelopes = []
        for place in devices:
            session = self.sessions[place].sends()
            written = content.write(self.certificate, self.list, kind, fields, within)
            envelopes.append(seal(session, self.certificate, written))
            self.sessions[place].sent(session)
        return {"envelopes": envelopes}

    def decrypt(self, envelope):
        refuse_unless(envelope["v"] == 1, "version")
        refuse_unless(envelope["receiver_email"] == self.email, "receiver")
        refuse_unless(envelope["receiver_device"] == self.device, "receiver")
        place, began = (envelope["sender_email"], envelope["sender_device"]), None
        sessions, message = self.sessions.get(place, Sessions()), envelope.get("pre_key_message")
        if message:
            self.pinned(envelope["sender_email"], check_pre_key_message(envelope))
            began = session_id(message["certificate"], self.certificate, message)
        said = content.read(sessions.decrypts(envelope, began, lambda: self.accept(envelope)), envelope)
        self.sessions[place] = sessions
        if message:
            self.one_time.pop(message["one_time_pre_key_id"], None)
        return {"kind": said.kind} | (self.hears_in_group(said) if said.within else self.hears(said))

    def hears(self, said):
        return {"text": said.fields[1]} if said.kind == TEXT else {}

    # Groups

    def hears_in_group(self, said):
        sender = self.accounts[said.sender]
        group = self.groups.get(said.within.group) or Conversation(said.within.group)
        answer = {"group": group.id.hex()}
        if said.kind == STATEMENTS:
            answer["refused"] = group.takes(said.fields[0]) if said.fields[0] else 0
            both = [(said.sender, sender.hash), (self.email, self.account.hash)]
            refuse_unless(group.id in self.groups or group.introduces(*both), "not of this group")
            self.groups[group.id] = group
            if group.state.has(said.sender, sender.hash):
                group.takes_tokens(said.fields.get(1, []))
            answer["texts"] = group.heard_late()
        refuse_unless(group.id in self.groups, "no such group")
        answer["lacks"] = said.within.head not in group.chain.known
        match said.kind:
            case 1:
                answer["text"] = group.hears(said, sender.hash)
            case 22:
                group.tokens[said.sender] = (said.fields[1], said.fields[0])
            case 23:
                answer["asks_after"] = said.within.head.hex()
        return answer

    def group(self, group):
        known = self.groups[bytes.fromhex(group)]
        roles = {address: ["member", "admin"][role] for address, (_, role, _) in known.state.members.items()}
        return {"name": known.state.name, "members": roles, "path": [it.hash.hex() for it in known.chain.path]}

    def strangers(self, group):
        """The members whose devices are not known yet, and what lets this account write to them."""
        known = self.groups[bytes.fromhex(group)]
        is_known = lambda address: address in self.accounts and self.accounts[address].devices
        strangers = [it for it in known.state.members if it != self.email and not is_known(it)]
        return [{"email": it, "token": b64(known.token(it)) if known.token(it) else None} for it in strangers]

    def others(self, state):
        """The members that are written to: under the key that the statements have (G5)."""
        known = lambda address: address in self.accounts and state.has(address, self.accounts[address].hash)
        return [address for address in state.members if address != self.email and known(address)]

    def post(self, group, to, kind, fields):
        """One post to these members, with the tokens that are known of them."""
        tokens = {address: b64(group.token(address)) for address in to if group.token(address)}
        return self.seals(to, kind, fields, group.within()) | {"tokens": tokens}

    def says(self, group, text, unasked):
        known = self.groups[bytes.fromhex(group)]
        allowed = known.state.has(self.email, self.account.hash) and known.state.may_write(self.email)
        refuse_unless(allowed or unasked, "not allowed")
        return self.post(known, self.others(known.state), TEXT, {0: uuid7().bytes, 1: text})

    def found(self, name, members):
        adds = [[0, [address, self.accounts[address].hash, chain.MEMBER]] for address in members]
        changes = [[0, [self.email, self.account.hash, chain.ADMIN]], [3, [name]], *adds]
        first = chain.sign(self.account, self.email, os.urandom(32), 1, now_ms(), changes)
        hash = sha256(chain.covered(first[0]))
        group = Conversation(hash[:16])
        group.takes([first])
        self.groups[group.id] = group
        return {"group": group.id.hex()} | self.post(group, self.others(group.state), STATEMENTS, {0: [first]})

    def change(self, group, changes, after, unasked):
        """Says something about the group to those who were members before it, and to those who are after it. `after`:
        the statement that it follows, if it is not the newest. `unasked`: though it does not count.
        """
        known = self.groups[bytes.fromhex(group)]
        previous = known.chain.known[bytes.fromhex(after) if after else known.chain.head]
        before = known.state
        changes = [[number, [self.hash_of(part) for part in fields]] for number, fields in changes]
        said = chain.sign(self.account, self.email, previous.hash, previous.version + 1, now_ms(), changes)
        refuse_unless(known.takes([said]) == 0 or unasked, "not valid")
        told = self.post(known, self.others(before), STATEMENTS, {0: [said]})
        new = [address for address in self.others(known.state) if address not in before.members]
        everything = [it.signed for it in known.chain.after(b"")]
        tokens = [{0: of, 1: {0: token, 1: n}} for of, (n, token) in known.tokens.items()]
        new_told = self.post(known, new, STATEMENTS, {0: everything, 1: tokens})
        return {"envelopes": told["envelopes"] + new_told["envelopes"], "tokens": told["tokens"] | new_told["tokens"]}

    def hash_of(self, part):
        """Of the account that a command names in the place of its key's hash."""
        return self.accounts[part["key_of"]].hash if isinstance(part, dict) else part

    def tells(self, group, to, after, altered):
        """Answers who lacks statements. `altered`: with one bit of the last one turned over."""
        known = self.groups[bytes.fromhex(group)]
        signed = [dict(it.signed) for it in known.chain.after(bytes.fromhex(after))]
        if altered is not None:
            encoding = bytearray(signed[-1][0])
            encoding[altered % len(encoding)] ^= 1
            signed[-1][0] = bytes(encoding)
        return self.post(known, [to], STATEMENTS, {0: signed})

    def asks(self, group, of):
        known = self.groups[bytes.fromhex(group)]
        return self.post(known, [of], ASK_STATEMENTS, {})

    def makes_token(self, to):
        """A delivery token for this account, and its hash for the server."""
        self.token = os.urandom(16)
        return self.seals([to], DELIVERY_TOKEN, {0: self.token, 1: 1}) | {"hash": b64(sha256(self.token))}


def obey(client, command):
    match command["do"]:
        case "show":
            shown = {"directory": client.directory(), "bundle": client.bundle(), "pre_keys": client.pre_keys()}
            return {**shown, "certificate": client.certificate}
        case "prove":
            return {"device": client.prove(command["challenge"], command["attempt"], command["finalization"])}
        case "meet":
            return {"devices": client.meets(command["directory"])}
        case "begin":
            client.begin(command["directory"], command["bundle"])
            return {}
        case "encrypt":
            [place] = client.sessions
            # It may know this one from a pre-key message alone.
            client.accounts[place[0]].devices = [place[1]]
            return client.seals([place[0]], TEXT, {0: uuid7().bytes, 1: command["text"]})
        case "decrypt":
            return client.decrypt(command["envelope"])
        case "accept_request":
            return client.seals([command["of"]], CONTACT_REQUEST, {})
        case "strangers":
            return {"strangers": client.strangers(command["group"])}
        case "make_token":
            return client.makes_token(command["to"])
        case "found":
            return client.found(command["name"], command["members"])
        case "group":
            return client.group(command["group"])
        case "say":
            return client.says(command["group"], command["text"], command.get("unasked", False))
        case "change":
            return client.change(
                command["group"], command["changes"], command.get("after"), command.get("unasked", False)
            )
        case "tell":
            return client.tells(command["group"], command["to"], command["after"], command.get("altered"))
        case "ask":
            return client.asks(command["group"], command["of"])


def main():
    client = Client(sys.argv[1])
    for line in sys.stdin:
        try:
            answer = obey(client, json.loads(line))
        except Refused as refused:
            answer = {"refused": str(refused)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
