"""A second client, written from docs/protocol.md alone, to show that it is enough. For tests only: it keeps one session
with one peer, in memory, and nothing here is hardened against timing.

Reads one JSON command a line, answers one JSON line.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import uuid

import cbor2
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SKIPPED_PER_CHAIN_MAX = 1000
PADDING_STEP = 160
ZEROS = bytes(32)


class Refused(Exception):
    """Nothing changed."""


def refuse_unless(condition, why):
    if not condition:
        raise Refused(why)


# Notation


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text, length=None):
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    refuse_unless(length is None or len(data) == length, "length")
    return data


def field(data):
    return len(data).to_bytes(4, "big") + data


def number(n):
    return field(n.to_bytes(8, "big"))


def labelled(label):
    return field(label.encode()) + field(b"\x01")


def email(text):
    return text.encode("ascii")


def device(text):
    return uuid.UUID(text).bytes


def hkdf(salt, ikm, info, length):
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info.encode()).derive(ikm)


def sha256(data):
    return hashlib.sha256(data).digest()


# Keys and statements


def certificate_statement(c):
    return (
        labelled("Cliquet/1 device certificate")
        + field(email(c["email"]))
        + field(unb64(c["account_key_hash"], 32))
        + field(device(c["device"]))
        + field(unb64(c["identity_key"], 32))
        + number(c["created"])
        + number(c["counter"])
    )


def pre_key_statement(label, account_hash, device_id, key):
    return labelled(label) + field(account_hash) + field(device(device_id)) + number(key["id"]) + field(unb64(key["key"]))


def signed_statement(account_hash, device_id, key):
    return pre_key_statement("Cliquet/1 signed X25519 pre-key", account_hash, device_id, key)


def kem_statement(account_hash, device_id, key):
    return pre_key_statement("Cliquet/1 signed ML-KEM-768 pre-key", account_hash, device_id, key)


def list_statement(entries):
    head = (
        labelled("Cliquet/1 device list")
        + field(email(entries["email"]))
        + field(unb64(entries["account_key_hash"], 32))
        + number(entries["counter"])
        + number(entries["signed"])
        + number(len(entries["devices"]))
    )
    return head + b"".join(field(device(d)) for d in entries["devices"])


PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)


def verify(account_key_der, statement, signature):
    refuse_unless(len(account_key_der) == 422, "account key")
    key = serialization.load_der_public_key(account_key_der)
    refuse_unless(key.key_size == 3072 and key.public_numbers().e == 65537, "account key")
    try:
        key.verify(unb64(signature, 384), statement, PSS, hashes.SHA256())
    except InvalidSignature:
        raise Refused("signature") from None


def canonical(key):
    refuse_unless(int.from_bytes(key, "little") < 2**255 - 19, "not canonical")
    return key


def agree(secret, public):
    """Refuses an all-zero result by itself."""
    try:
        return secret.exchange(X25519PublicKey.from_public_bytes(canonical(public)))
    except ValueError:
        raise Refused("not contributory") from None


def public(secret):
    return secret.public_key().public_bytes_raw()


# Content


TEXT = 1


def write_text(own_email, own_device, device_list, text):
    fields = cbor2.dumps({0: uuid7().bytes, 1: text})
    own_list = {5: device_list["counter"], 6: sha256(list_statement(device_list))}
    return cbor2.dumps([1, {0: own_email, 1: device(own_device), 2: now_ms(), 3: TEXT, 4: fields, **own_list}])


def read_text(content, envelope):
    version, body = cbor2.loads(content)
    refuse_unless(version == 1, "version of the content")
    refuse_unless(body[0] == envelope["sender_email"], "another sender inside")
    refuse_unless(body[1] == device(envelope["sender_device"]), "another device inside")
    refuse_unless(body[3] == TEXT, "not a text")
    refuse_unless(body[5] > 0 and len(body[6]) == 32, "device list of the sender")
    return cbor2.loads(body[4])[1]


def pad(content):
    content += b"\x80"
    return content + bytes(-len(content) % PADDING_STEP)


def unpad(padded):
    content, mark, rest = padded.rpartition(b"\x80")
    refuse_unless(mark and not rest.strip(b"\0") and len(rest) < PADDING_STEP, "padding")
    return content


def now_ms():
    return int(time.time() * 1000)


def uuid7():
    n = now_ms() << 80 | int.from_bytes(os.urandom(10), "big")
    n = n & ~(0xF << 76) | 7 << 76
    return uuid.UUID(int=n & ~(3 << 62) | 2 << 62)


# The Double Ratchet


def root_step(root, shared):
    both = hkdf(root, shared, "Cliquet/1 root", 64)
    return both[:32], both[32:]


def chain_step(chain):
    return hmac.digest(chain, b"\x02", "sha256"), hmac.digest(chain, b"\x01", "sha256")


class Session:
    def __init__(self, session_id, peer, pre_key_message):
        self.id, self.peer, self.pre_key_message = session_id, peer, pre_key_message
        self.previous_length, self.sent, self.received = 0, 0, 0
        self.receiving_key, self.receiving, self.skipped = None, None, {}

    def begin(self, secret, signed_pre_key):
        self.own = X25519PrivateKey.generate()
        self.root, self.sending = root_step(secret, agree(self.own, signed_pre_key))

    def accept(self, secret, signed_pre_key, ratchet_key):
        self.root, self.own = secret, signed_pre_key
        self.dh_ratchet_step(ratchet_key)
        self.previous_length = 0

    def dh_ratchet_step(self, ratchet_key):
        self.root, self.receiving = root_step(self.root, agree(self.own, ratchet_key))
        self.own = X25519PrivateKey.generate()
        self.root, self.sending = root_step(self.root, agree(self.own, ratchet_key))
        self.previous_length, self.sent = self.sent, 0
        self.receiving_key, self.received = ratchet_key, 0

    def skip_to(self, n):
        refuse_unless(n - self.received <= SKIPPED_PER_CHAIN_MAX, "too far ahead")
        while self.received < n:
            self.receiving, key = chain_step(self.receiving)
            self.skipped[self.receiving_key, self.received] = key
            self.received += 1

    def key_of(self, ratchet_key, n, previous_length):
        if (ratchet_key, n) in self.skipped:
            return self.skipped.pop((ratchet_key, n))
        if ratchet_key != self.receiving_key:
            refuse_unless(n <= SKIPPED_PER_CHAIN_MAX, "too far ahead")
            if self.receiving is not None:
                refuse_unless(previous_length >= self.received, "previous chain")
                self.skip_to(previous_length)
            self.dh_ratchet_step(ratchet_key)
        refuse_unless(n >= self.received, "duplicate")
        self.skip_to(n)
        self.receiving, key = chain_step(self.receiving)
        self.received += 1
        return key

    def copy(self):
        other = Session(self.id, self.peer, self.pre_key_message)
        other.__dict__.update(self.__dict__)
        other.skipped = dict(self.skipped)
        return other


# The envelope


def header(e):
    head = (
        labelled("Cliquet/1 envelope")
        + field(bytes([e["v"]]))
        + field(device(e["id"]))
        + field(email(e["sender_email"]))
        + field(device(e["sender_device"]))
        + field(email(e["receiver_email"]))
        + field(device(e["receiver_device"]))
        + field(unb64(e["new_ratchet_public_key"], 32))
        + number(e["message_number"])
        + number(e["previous_chain_length"])
        + field(unb64(e["salt"], 16))
    )
    pre_key_message = e.get("pre_key_message")
    if pre_key_message is None:
        return head + number(0)
    return (
        head
        + number(1)
        + field(unb64(pre_key_message["account_key"]))
        + field(certificate_statement(pre_key_message["certificate"]))
        + field(unb64(pre_key_message["certificate"]["signature"]))
        + field(unb64(pre_key_message["ephemeral_key"], 32))
        + number(pre_key_message["signed_pre_key_id"])
        + number(pre_key_message["kem_pre_key_id"])
        + number(none_or_next(pre_key_message["one_time_pre_key_id"]))
        + field(unb64(pre_key_message["kem_ciphertext"], 1088))
    )


def none_or_next(pre_key_id):
    return 0 if pre_key_id is None else pre_key_id + 1


def session_id(initiator, responder, pre_key_message):
    return sha256(
        labelled("Cliquet/1 session")
        + field(certificate_statement(initiator))
        + field(certificate_statement(responder))
        + field(unb64(pre_key_message["ephemeral_key"], 32))
        + number(pre_key_message["signed_pre_key_id"])
        + number(pre_key_message["kem_pre_key_id"])
        + number(none_or_next(pre_key_message["one_time_pre_key_id"]))
        + field(unb64(pre_key_message["kem_ciphertext"], 1088))
    )


def first_secret(parts):
    return hkdf(ZEROS, b"\xff" * 32 + b"".join(parts), "Cliquet/1 X25519 ML-KEM-768 SHA-256 AES-256-GCM", 32)


def key_and_nonce(message_key, salt):
    both = hkdf(salt, message_key, "Cliquet/1 message", 44)
    return AESGCM(both[:32]), both[32:]


class Client:
    def __init__(self, own_email):
        self.account = rsa.generate_private_key(public_exponent=65537, key_size=3072)
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        self.account_key = self.account.public_key().public_bytes(serialization.Encoding.DER, form)
        self.hash = sha256(self.account_key)
        self.identity = X25519PrivateKey.generate()
        self.device = str(uuid.uuid4())
        self.certificate = {
            "email": own_email,
            "account_key_hash": b64(self.hash),
            "device": self.device,
            "identity_key": b64(public(self.identity)),
            "created": now_ms(),
            "counter": 1,
        }
        self.certificate["signature"] = self.sign(certificate_statement(self.certificate))
        self.signed, self.kem = X25519PrivateKey.generate(), MLKEM768PrivateKey.generate()
        self.one_time = {2: X25519PrivateKey.generate()}
        self.session = None

    def sign(self, statement):
        return b64(self.account.sign(statement, PSS, hashes.SHA256()))

    def directory(self):
        entries = {
            "email": self.certificate["email"],
            "account_key_hash": b64(self.hash),
            "counter": 1,
            "devices": [self.device],
            "signed": now_ms(),
        }
        entries["signature"] = self.sign(list_statement(entries))
        return {
            "email": self.certificate["email"],
            "account_key": b64(self.account_key),
            "device_list": entries,
            "certificates": [self.certificate],
        }

    def bundle(self):
        signed = {"id": 1, "key": b64(public(self.signed))}
        signed["signature"] = self.sign(signed_statement(self.hash, self.device, signed))
        kem = {"id": 1, "key": b64(self.kem.public_key().public_bytes_raw())}
        kem["signature"] = self.sign(kem_statement(self.hash, self.device, kem))
        bundle = {"certificate": self.certificate, "signed": signed, "kem": kem}
        for pre_key_id, secret in self.one_time.items():
            bundle["one_time"] = {"id": pre_key_id, "key": b64(public(secret))}
        return bundle

    def prove(self, challenge, attempt, finalization):
        challenge = unb64(challenge, 32)
        key = hkdf(ZEROS, agree(self.identity, challenge), "Cliquet/1 device proof key", 32)
        fields = [certificate_statement(self.certificate), challenge, uuid.UUID(attempt).bytes, unb64(finalization)]
        statement = labelled("Cliquet/1 device proof") + b"".join(map(field, fields))
        return {"device": self.device, "proof": b64(hmac.digest(key, statement, "sha256"))}

    def begin(self, directory, bundle):
        account_key, certificate = unb64(directory["account_key"], 422), bundle["certificate"]
        account_hash, entries = sha256(account_key), directory["device_list"]
        refuse_unless([c["device"] for c in directory["certificates"]] == entries["devices"], "devices")
        for statement in [entries, *directory["certificates"]]:
            refuse_unless(unb64(statement["account_key_hash"]) == account_hash, "account key")
            refuse_unless(statement["email"] == directory["email"], "e-mail")
        verify(account_key, list_statement(entries), entries["signature"])
        for known in directory["certificates"]:
            verify(account_key, certificate_statement(known), known["signature"])
        refuse_unless(certificate in directory["certificates"], "not on the directory")
        signed, kem = bundle["signed"], bundle["kem"]
        verify(account_key, signed_statement(account_hash, certificate["device"], signed), signed["signature"])
        verify(account_key, kem_statement(account_hash, certificate["device"], kem), kem["signature"])
        ephemeral, spk, ik = X25519PrivateKey.generate(), unb64(signed["key"], 32), unb64(certificate["identity_key"], 32)
        parts = [agree(self.identity, spk), agree(ephemeral, ik), agree(ephemeral, spk)]
        one_time = bundle.get("one_time")
        if one_time:
            parts.append(agree(ephemeral, unb64(one_time["key"], 32)))
        shared, ciphertext = MLKEM768PublicKey.from_public_bytes(unb64(kem["key"], 1184)).encapsulate()
        pre_key_message = {
            "account_key": b64(self.account_key),
            "certificate": self.certificate,
            "ephemeral_key": b64(public(ephemeral)),
            "signed_pre_key_id": signed["id"],
            "kem_pre_key_id": kem["id"],
            "one_time_pre_key_id": one_time["id"] if one_time else None,
            "kem_ciphertext": b64(ciphertext),
        }
        self.session = Session(session_id(self.certificate, certificate, pre_key_message), certificate, pre_key_message)
        self.session.begin(first_secret([*parts, shared]), spk)

    def accept(self, envelope):
        pre_key_message = envelope["pre_key_message"]
        certificate, account_key = pre_key_message["certificate"], unb64(pre_key_message["account_key"], 422)
        refuse_unless(certificate["email"] == envelope["sender_email"], "e-mail")
        refuse_unless(certificate["device"] == envelope["sender_device"], "device")
        refuse_unless(unb64(certificate["account_key_hash"]) == sha256(account_key), "account key")
        verify(account_key, certificate_statement(certificate), certificate["signature"])
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
        return session, one_time

    def encrypt(self, text):
        session, own = self.session.copy(), self.certificate
        session.sending, message_key = chain_step(session.sending)
        salt = os.urandom(16)
        envelope = {
            "v": 1,
            "id": str(uuid7()),
            "timestamp": 0,
            "sender_email": own["email"],
            "sender_device": own["device"],
            "receiver_email": session.peer["email"],
            "receiver_device": session.peer["device"],
            "new_ratchet_public_key": b64(public(session.own)),
            "message_number": session.sent,
            "previous_chain_length": session.previous_length,
            "salt": b64(salt),
        }
        if session.pre_key_message:
            envelope["pre_key_message"] = session.pre_key_message
        aead, nonce = key_and_nonce(message_key, salt)
        content = pad(write_text(own["email"], own["device"], self.directory()["device_list"], text))
        envelope["ciphertext"] = b64(aead.encrypt(nonce, content, session.id + header(envelope)))
        session.sent += 1
        self.session = session
        return envelope

    def decrypt(self, envelope):
        refuse_unless(envelope["v"] == 1, "version")
        refuse_unless(envelope["receiver_email"] == self.certificate["email"], "receiver")
        refuse_unless(envelope["receiver_device"] == self.device, "receiver")
        used = None
        if self.session is None:
            refuse_unless(envelope.get("pre_key_message"), "no session")
            session, used = self.accept(envelope)
        else:
            session = self.session.copy()
        peer = session.peer
        refuse_unless((envelope["sender_email"], envelope["sender_device"]) == (peer["email"], peer["device"]), "sender")
        ratchet_key = unb64(envelope["new_ratchet_public_key"], 32)
        message_key = session.key_of(ratchet_key, envelope["message_number"], envelope["previous_chain_length"])
        aead, nonce = key_and_nonce(message_key, unb64(envelope["salt"], 16))
        try:
            padded = aead.decrypt(nonce, unb64(envelope["ciphertext"]), session.id + header(envelope))
        except InvalidTag:
            raise Refused("not authentic") from None
        text = read_text(unpad(padded), envelope)
        session.pre_key_message = None
        self.session = session
        self.one_time.pop(used, None)
        return text


def obey(client, command):
    match command["do"]:
        case "show":
            return {"directory": client.directory(), "bundle": client.bundle()}
        case "prove":
            return {"device": client.prove(command["challenge"], command["attempt"], command["finalization"])}
        case "begin":
            client.begin(command["directory"], command["bundle"])
            return {}
        case "encrypt":
            return {"envelope": client.encrypt(command["text"])}
        case "decrypt":
            return {"text": client.decrypt(command["envelope"])}


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
