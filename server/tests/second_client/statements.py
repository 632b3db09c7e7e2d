"""What account keys sign: certificates, pre-keys, device lists; and what is checked of them before use."""

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from notation import b64, device, email, field, labelled, number, refuse_unless, sha256, unb64

PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
DEVICES_MAX = 8


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


class AccountKey:
    """One's own."""

    def __init__(self):
        self.secret = rsa.generate_private_key(public_exponent=65537, key_size=3072)
        self.der = encoded(self.secret.public_key())
        self.hash = sha256(self.der)

    def sign(self, statement):
        return self.secret.sign(statement, PSS, hashes.SHA256())


def encoded(key):
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def account_key(der):
    """The key, if it is in the one form that an account key has."""
    refuse_unless(len(der) == 422, "account key")
    try:
        key = serialization.load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    is_rsa = isinstance(key, rsa.RSAPublicKey)
    refuse_unless(is_rsa and key.key_size == 3072 and key.public_numbers().e == 65537, "account key")
    refuse_unless(key.public_numbers().n % 2 == 1 and encoded(key) == der, "account key")
    return key


def verify(der, statement, signature):
    refuse_unless(len(signature) == 384, "signature")
    try:
        account_key(der).verify(signature, statement, PSS, hashes.SHA256())
    except InvalidSignature:
        refuse_unless(False, "signature")


def check_directory(directory):
    """The account key of a device directory, all of whose parts it signed."""
    der = unb64(directory["account_key"], 422)
    entries, certificates = directory["device_list"], directory["certificates"]
    refuse_unless([c["device"] for c in certificates] == entries["devices"], "devices")
    refuse_unless(len(certificates) <= DEVICES_MAX, "too many devices")
    for statement in [entries, *certificates]:
        refuse_unless(unb64(statement["account_key_hash"]) == sha256(der), "account key")
        refuse_unless(statement["email"] == directory["email"], "e-mail")
    for name in ("device", "identity_key"):
        refuse_unless(len({c[name] for c in certificates}) == len(certificates), "twice")
    refuse_unless(all(c["counter"] <= entries["counter"] for c in certificates), "counter")
    verify(der, list_statement(entries), unb64(entries["signature"]))
    for known in certificates:
        verify(der, certificate_statement(known), unb64(known["signature"]))
    return der


def check_bundle(bundle, directory):
    """Whether it is of a device of that directory, which was checked."""
    der, certificate = unb64(directory["account_key"]), bundle["certificate"]
    refuse_unless(certificate in directory["certificates"], "not on the directory")
    for of, key in [(signed_statement, bundle["signed"]), (kem_statement, bundle["kem"])]:
        verify(der, of(sha256(der), certificate["device"], key), unb64(key["signature"]))


def check_pre_key_message(envelope):
    """The account key of the sender, if it signed the certificate of the sending device."""
    message = envelope["pre_key_message"]
    certificate, der = message["certificate"], unb64(message["account_key"], 422)
    refuse_unless(certificate["email"] == envelope["sender_email"], "e-mail")
    refuse_unless(certificate["device"] == envelope["sender_device"], "device")
    refuse_unless(unb64(certificate["account_key_hash"]) == sha256(der), "account key")
    verify(der, certificate_statement(certificate), unb64(certificate["signature"]))
    return der


def signed_pre_key(own, statement_of, account_hash, device_id, key):
    return {**key, "signature": b64(own.sign(statement_of(account_hash, device_id, key)))}
