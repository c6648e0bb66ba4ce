"""``send`` and its payload: text, bytes, a file's bytes, copied bytes, seeded bytes."""

from __future__ import annotations

from functools import partial
from typing import Final

from harness.scenario.document import Items, Node, Text
from harness.scenario.flows import flow
from harness.scenario.model import PayloadPart, Send
from harness.scenario.patterns import pattern
from harness.scenario.reading import Fields, Reading, accepts, called
from harness.scenario.values import count, counts, octets, size, text
from harness.scenario.vocabulary import PAYLOAD, names

MAX_FILE_BYTES: Final = 65_535
WAYS: Final = names(PAYLOAD)


def send(reading: Reading, fields: Fields) -> Send | None:
    """The datagram of one step."""
    over = fields.get("send", flow)
    payload = _payload(reading, fields)
    of = fields.get("of", pattern)
    flip = fields.get("flip", count)
    ttl = fields.get("ttl", partial(count, low=1, high=255))
    if over is None or payload is None:
        return None
    return Send(over, payload, of, flip or 0, ttl)


def _payload(reading: Reading, fields: Fields) -> tuple[PayloadPart, ...] | None:
    way = fields.one_of((*WAYS, "payload"), "payload")
    if way is None:
        return None
    node = fields.node("payload")
    if node is None:
        part = _part(fields, way)
        return (part,) if part is not None else None
    if not isinstance(node, Items):
        reading.refuse(node.place, f"{called(node)} where a list belongs", "", accepts("parts"))
        return None
    return reading.each(node, _listed)


def _listed(reading: Reading, node: Node) -> PayloadPart | None:
    fields = reading.fields(node, "payload part")
    way = fields.one_of(WAYS, "payload") if fields is not None else None
    return _part(fields, way) if fields is not None and way is not None else None


def _part(fields: Fields, way: str) -> PayloadPart | None:
    readers = {"text": _text, "hex": _hex, "file": _file, "copy": _copy, "random": _random}
    return fields.get(way, readers[way])


def _text(reading: Reading, node: Node) -> PayloadPart | None:
    if isinstance(node, Text):
        return PayloadPart("text", text=node.value)
    reading.refuse(node.place, f"{called(node)} where text belongs", "", accepts("text"))
    return None


def _hex(reading: Reading, node: Node) -> PayloadPart | None:
    data = octets(reading, node)
    return PayloadPart("hex", data=data) if data is not None else None


def _file(reading: Reading, node: Node) -> PayloadPart | None:
    name = text(reading, node)
    if name is None:
        return None
    path = reading.folder / name
    try:
        if path.exists() and not path.is_file():  # a device or a pipe may never end
            accepted = "a regular file beside the scenario"
            reading.refuse(node.place, "this is no file", name, accepted)
            return None
        if path.stat().st_size > MAX_FILE_BYTES:
            accepted = f"at most {MAX_FILE_BYTES} bytes"
            reading.refuse(node.place, "no datagram is so large", name, accepted)
            return None
        return PayloadPart("file", text=name, data=path.read_bytes())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        accepted = "a readable file beside the scenario"
        reading.refuse(node.place, f"the file cannot be read: {reason}", name, accepted)
        return None


def _copy(reading: Reading, node: Node) -> PayloadPart | None:
    positions = counts(reading, node)
    return PayloadPart("copy", copy=positions) if positions is not None else None


def _random(reading: Reading, node: Node) -> PayloadPart | None:
    found = size(reading, node)
    return PayloadPart("random", size_bytes=found) if found is not None else None
