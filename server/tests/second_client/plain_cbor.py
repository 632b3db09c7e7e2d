"""Reads CBOR as a statement must be written: every byte counts, strings have a length, and nothing has a tag."""

from notation import Refused, refuse_unless

ARRAY, MAP, OTHER = 4, 5, 7
SIMPLE = {20: False, 21: True, 22: None}
INDEFINITE, BREAK = 31, 0xFF


class Reader:
    def __init__(self, data):
        self.data, self.place = data, 0

    def take(self, length):
        refuse_unless(self.place + length <= len(self.data), "cut")
        taken = self.data[self.place : self.place + length]
        self.place += length
        return taken

    def argument(self, info):
        if info < 24:
            return info
        refuse_unless(info < 28, "form")
        return int.from_bytes(self.take(1 << info - 24), "big")

    def value(self):
        first = self.take(1)[0]
        major, info = first >> 5, first & 31
        if major == OTHER:
            refuse_unless(info in SIMPLE, "form")
            return SIMPLE[info]
        if major in (ARRAY, MAP) and info == INDEFINITE:
            return self.items(major, self.until_break())
        length = self.argument(info)
        match major:
            case 0:
                return length
            case 1:
                return -1 - length
            case 2:
                return self.take(length)
            case 3:
                return self.text(length)
            case 4 | 5:
                return self.items(major, range(length))
        raise Refused("a tag")

    def text(self, length):
        try:
            return self.take(length).decode()
        except UnicodeDecodeError:
            raise Refused("form") from None

    def items(self, major, places):
        if major == ARRAY:
            return [self.value() for _ in places]
        fields = {}
        for _ in places:
            key = self.value()
            refuse_unless(type(key) is int, "form")
            fields[key] = self.value()
        return fields

    def until_break(self):
        while self.data[self.place : self.place + 1] != bytes([BREAK]):
            yield
        self.place += 1


def read(data):
    reader = Reader(data)
    value = reader.value()
    refuse_unless(reader.place == len(data), "more behind it")
    return value
