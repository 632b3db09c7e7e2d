"""The notation of docs/protocol.md: fields, numbers, base64url, times, ids."""

import base64
import hashlib
import os
import time
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ZEROS = bytes(32)


class Refused(Exception):
    """Nothing changed."""


def refuse_unless(condition, why):
    if not condition:
        raise Refused(why)


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


def now_ms():
    return int(time.time() * 1000)


def uuid7():
    n = now_ms() << 80 | int.from_bytes(os.urandom(10), "big")
    n = n & ~(0xF << 76) | 7 << 76
    return uuid.UUID(int=n & ~(3 << 62) | 2 << 62)
