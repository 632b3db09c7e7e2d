"""The content of an envelope: CBOR with numbered fields, and the fields of the kinds that this client knows."""

import cbor2
from notation import device, now_ms, refuse_unless, sha256
from statements import list_statement

TEXT, CONTACT_REQUEST, STATEMENTS, DELIVERY_TOKEN, ASK_STATEMENTS = 1, 2, 21, 22, 23
TEXT_BYTES_MAX = 16_384
STATEMENTS_BYTES_MAX = 21_504
TOKENS_MAX = 50


class Within:
    """The group in which something is said, and its newest statement that the sender knows."""

    def __init__(self, group, head):
        self.group, self.head = group, head


class Content:
    def __init__(self, kind, fields, within, sender):
        self.kind, self.fields, self.within, self.sender = kind, fields, within, sender


def write(own, device_list, kind, fields, within=None):
    body = {0: own["email"], 1: device(own["device"]), 2: now_ms(), 3: kind, 4: cbor2.dumps(fields)}
    body |= {5: device_list["counter"], 6: sha256(list_statement(device_list))}
    if within:
        body[7] = {0: within.group, 1: within.head}
    return cbor2.dumps([1, body])


def read(content, envelope):
    version, body = cbor2.loads(content)
    refuse_unless(version == 1, "version of the content")
    refuse_unless(body[0] == envelope["sender_email"], "another sender inside")
    refuse_unless(body[1] == device(envelope["sender_device"]), "another device inside")
    refuse_unless(body[5] > 0 and len(body[6]) == 32, "device list of the sender")
    within = body.get(7)
    if within is not None:
        refuse_unless(len(within[0]) == 16 and len(within[1]) == 32, "group")
        within = Within(within[0], within[1])
    fields = cbor2.loads(body[4])
    check(body[3], fields)
    return Content(body[3], fields, within, body[0])


def check(kind, fields):
    match kind:
        case 1:
            refuse_unless(len(fields[1].encode()) <= TEXT_BYTES_MAX, "too long")
        case 21:
            statements, tokens = fields[0], fields.get(1, [])
            size = sum(len(cbor2.dumps(part)) for part in [*statements, *tokens])
            refuse_unless(size <= STATEMENTS_BYTES_MAX and len(tokens) <= TOKENS_MAX, "too long")
        case 22:
            refuse_unless(len(fields[0]) == 16, "token")
