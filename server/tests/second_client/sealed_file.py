"""Seals and opens a file of a message. Reads one JSON line: what to do, and the file's bytes or its sealed parts, in
base64. Answers one line: the parts, the digest and the key; or the bytes.
"""

import base64
import json
import os
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from notation import Refused, labelled, number, refuse_unless, sha256

PART_BYTES = 1_048_576
PADDED_BYTES_MIN = 1_024


def padded_length(size):
    size = max(size, PADDED_BYTES_MIN)
    exponent = size.bit_length() - 1
    dropped = exponent - exponent.bit_length()
    return -(-size >> dropped) << dropped


class Sealed:
    """How a file of some size is sealed under a key."""

    def __init__(self, key, size):
        self.cipher, self.size, self.padded = AESGCM(key), size, padded_length(size)
        self.parts = -(-self.padded // PART_BYTES)
        self.covered = labelled("Cliquet/1 file") + number(PART_BYTES) + number(self.padded)

    def nonce(self, place):
        return bytes(7) + place.to_bytes(4, "big") + bytes([place == self.parts - 1])

    def seal(self, data):
        padded = data + bytes(self.padded - len(data))
        cut = [padded[place * PART_BYTES : (place + 1) * PART_BYTES] for place in range(self.parts)]
        return [self.cipher.encrypt(self.nonce(place), part, self.covered) for place, part in enumerate(cut)]

    def open(self, parts, digest):
        refuse_unless(len(parts) == self.parts, "parts")
        refuse_unless(digest_of(parts) == digest, "digest")
        try:
            opened = [self.cipher.decrypt(self.nonce(place), part, self.covered) for place, part in enumerate(parts)]
        except InvalidTag:
            raise Refused("altered") from None
        padded = b"".join(opened)
        refuse_unless(len(padded) == self.padded, "length")
        return padded[: self.size]


def digest_of(parts):
    return sha256(b"".join(sha256(part) for part in parts))


def text(data):
    return base64.b64encode(data).decode()


def main():
    asked = json.loads(sys.stdin.readline())
    if asked["do"] == "seal":
        data, key = base64.b64decode(asked["bytes"]), os.urandom(32)
        parts = Sealed(key, len(data)).seal(data)
        answer = {"parts": [text(part) for part in parts], "digest": text(digest_of(parts)), "key": text(key)}
    else:
        key, digest = base64.b64decode(asked["key"]), base64.b64decode(asked["digest"])
        parts = [base64.b64decode(part) for part in asked["parts"]]
        try:
            answer = {"bytes": text(Sealed(key, asked["size"]).open(parts, digest))}
        except Refused as why:
            answer = {"refused": str(why)}
    print(json.dumps(answer))


main()
