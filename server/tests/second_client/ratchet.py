"""X25519, the first secret, and the Double Ratchet of one session."""

import hmac

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from notation import ZEROS, Refused, field, hkdf, labelled, number, refuse_unless, sha256, unb64
from statements import certificate_statement

SKIPPED_PER_CHAIN_MAX = 1000


def canonical(key):
    refuse_unless(int.from_bytes(key, "little") < 2**255 - 19, "not canonical")
    return key


def agree(secret, public_key):
    """Refuses an all-zero result by itself."""
    try:
        return secret.exchange(X25519PublicKey.from_public_bytes(canonical(public_key)))
    except ValueError:
        raise Refused("not contributory") from None


def public(secret):
    return secret.public_key().public_bytes_raw()


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
        self.initiated, self.answered, self.stayed, self.given_up = False, False, False, False

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

    def next_key(self):
        self.sending, key = chain_step(self.sending)
        self.sent += 1
        return key, self.sent - 1

    def copy(self, **changes):
        other = Session(self.id, self.peer, self.pre_key_message)
        other.__dict__.update(self.__dict__, **changes)
        other.skipped = dict(self.skipped)
        return other
