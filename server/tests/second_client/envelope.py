"""The envelope: its header, its padding, and how a content is sealed in it."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from notation import Refused, b64, device, email, field, hkdf, labelled, number, refuse_unless, unb64, uuid7
from ratchet import none_or_next, public
from statements import certificate_statement

PADDING_STEP = 160


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


def pad(content):
    content += b"\x80"
    return content + bytes(-len(content) % PADDING_STEP)


def unpad(padded):
    content, mark, rest = padded.rpartition(b"\x80")
    refuse_unless(mark and not rest.strip(b"\0") and len(rest) < PADDING_STEP, "padding")
    return content


def key_and_nonce(message_key, salt):
    both = hkdf(salt, message_key, "Cliquet/1 message", 44)
    return AESGCM(both[:32]), both[32:]


def seal(session, own, content):
    """The envelope with this content, by a session that moves on."""
    message_key, message_number = session.next_key()
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
        "message_number": message_number,
        "previous_chain_length": session.previous_length,
        "salt": b64(salt),
    }
    if session.pre_key_message:
        envelope["pre_key_message"] = session.pre_key_message
    aead, nonce = key_and_nonce(message_key, salt)
    envelope["ciphertext"] = b64(aead.encrypt(nonce, pad(content), session.id + header(envelope)))
    return envelope


def open_with(session, envelope):
    """The content, by a session that moves on: let it be a copy."""
    peer = session.peer
    refuse_unless((envelope["sender_email"], envelope["sender_device"]) == (peer["email"], peer["device"]), "sender")
    ratchet_key = unb64(envelope["new_ratchet_public_key"], 32)
    message_key = session.key_of(ratchet_key, envelope["message_number"], envelope["previous_chain_length"])
    aead, nonce = key_and_nonce(message_key, unb64(envelope["salt"], 16))
    try:
        padded = aead.decrypt(nonce, unb64(envelope["ciphertext"]), session.id + header(envelope))
    except InvalidTag:
        raise Refused("not authentic") from None
    session.pre_key_message = None
    return unpad(padded)
