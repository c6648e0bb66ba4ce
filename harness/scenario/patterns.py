"""PATTERN: one kind of event with its refinements, any of several, or a sequence."""

from __future__ import annotations

from functools import partial

from harness.scenario.document import Items, Node, Text
from harness.scenario.flows import flows, host
from harness.scenario.model import FLOW_KINDS, Either, Kind, Pattern, Sequence, Single
from harness.scenario.reading import Fields, Reading, accepts, called
from harness.scenario.values import bounds, count, duration, octet_pattern, regex, sizes, word
from harness.scenario.vocabulary import PATTERN_KINDS, names
from harness.scenario.words import ICMP_CODES, REASONS, REFINEMENTS, STREAMS
from harness.units import Range, parse_count


def pattern(reading: Reading, node: Node) -> Pattern | None:
    """A pattern; a list is a sequence."""
    if isinstance(node, Items):
        return _sequence(reading, node)
    if isinstance(node, Text):
        reading.refuse(node.place, "text where a pattern belongs", node.value, accepts("pattern"))
        return None
    fields = reading.fields(node, "pattern")
    kind = fields.one_of(names(PATTERN_KINDS), "kind") if fields is not None else None
    if fields is None or kind is None:
        return None
    fields.only((*REFINEMENTS[kind], "nth", "plus"), kind)
    return _either(reading, fields) if kind == "either" else _single(fields, Kind(kind))


def _sequence(reading: Reading, node: Items) -> Sequence | None:
    if len(node.items) < 2:
        message = f"a sequence of {len(node.items)}"
        reading.refuse(node.place, message, accepted="two patterns or more: [P, Q]")
        return None
    parts = _parts(reading, node)
    return Sequence(parts, node.place) if parts is not None else None


def _parts(reading: Reading, node: Items) -> tuple[Pattern, ...] | None:
    if not node.items:
        reading.refuse(node.place, "an empty list", accepted=accepts("patterns"))
        return None
    read = [pattern(reading, item) for item in node.items]
    good = tuple(part for part in read if part is not None)
    return good if len(good) == len(read) else None


def _either(reading: Reading, fields: Fields) -> Either | None:
    node = fields.node("either")
    parts = _parts(reading, node) if isinstance(node, Items) else None
    if node is not None and not isinstance(node, Items):
        reading.refuse(node.place, f"{called(node)} where a list belongs", "", accepts("patterns"))
    nth = fields.get("nth", _nth)
    plus_ns = fields.given("plus", duration, 0)
    return Either(parts, fields.place, nth, plus_ns) if parts is not None else None


def _single(fields: Fields, kind: Kind) -> Single | None:
    of_flow = kind in FLOW_KINDS
    single = Single(
        kind,
        fields.place,
        flows=fields.given(kind, flows, ()) if of_flow else (),
        host=None if of_flow else fields.get(kind, host),
        says=fields.get("says", regex),
        hex=fields.get("hex", octet_pattern),
        size=fields.get("size", sizes),
        reason=fields.get("reason", partial(word, words=REASONS)),
        code=fields.get("code", partial(_code, kind=kind)),
        stream=fields.get("stream", partial(word, words=STREAMS)),
        nth=fields.get("nth", _nth),
        plus_ns=fields.given("plus", duration, 0),
    )
    return single if single.flows or single.host is not None else None


def _code(reading: Reading, node: Node, kind: Kind) -> Range | str | None:
    if kind is Kind.ICMP:
        return word(reading, node, ICMP_CODES)
    return bounds(reading, node, "code", parse_count)


def _nth(reading: Reading, node: Node) -> int | None:
    if isinstance(node, Text) and node.value.strip() == "last":
        return -1
    return count(reading, node, 1)
