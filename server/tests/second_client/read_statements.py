"""Reads a content of kind 21 from a file, or else one JSON line with a list of signed statements in base64, the first of
a group before the others. Answers one line: the group, as far as they are valid, and the hashes of those that are not.
"""

import base64
import json
import sys

import cbor2
import content
from chain import Chain, Statement, covered
from notation import Refused, refuse_unless, sha256


def main():
    signed = of_content(sys.argv[1]) if sys.argv[1:] else of_line(sys.stdin.readline())
    statements = []
    for one in signed:
        try:
            statements.append(Statement(one))
        except Refused:
            pass
    chain = Chain(statements[0], statements[1:])
    roles = {address: ["member", "admin"][role] for address, (_, role, _) in chain.state.members.items()}
    path = [it.hash.hex() for it in chain.path]
    hashes = [sha256(covered(one[0])) for one in signed]
    refused = [hash.hex() for hash, one in zip(hashes, signed) if not is_taken(hash, one, chain)]
    group = {"id": chain.id.hex(), "path": path, "name": chain.state.name, "members": roles, "refused": refused}
    print(json.dumps(group))


def of_line(line):
    return [cbor2.loads(base64.b64decode(encoded)) for encoded in json.loads(line)]


def of_content(path):
    with open(path, "rb") as file:
        _, body = cbor2.loads(file.read())
    fields = cbor2.loads(body[4])
    refuse_unless(body[3] == content.STATEMENTS and len(body[7][0]) == 16, "kind")
    content.check(body[3], fields)
    return fields[0]


def is_taken(hash, signed, chain):
    return hash in chain.known and chain.known[hash].signed == signed


main()
