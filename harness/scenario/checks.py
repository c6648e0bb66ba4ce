"""``checks``: named claims, each a plain check or a contract with what bounds it."""

from __future__ import annotations

from functools import partial
from typing import Final, Literal, cast

from harness.scenario.agreements import AGREEMENTS
from harness.scenario.contracts import expand
from harness.scenario.document import Node, Text
from harness.scenario.instants import during, instant
from harness.scenario.measures import measure, measured_range
from harness.scenario.model import Anchor, AtMark, AtPattern, Check, Instant, Plain
from harness.scenario.patterns import pattern
from harness.scenario.reading import Fields, Reading, entries_notation
from harness.scenario.values import counts, limit, share, shares
from harness.scenario.vocabulary import CHECK_KINDS, names
from harness.scenario.words import ANCHORS, CHECK_BESIDE

KINDS: Final = names(CHECK_KINDS)


def checks(reading: Reading, node: Node) -> tuple[Check, ...]:
    """Every check that is sound, in file order."""
    table = reading.table(node, "checks")
    read = (_check(reading, key, value) for key, value in table.entries) if table else ()
    return tuple(check for check in read if check is not None)


def _check(reading: Reading, key: Text, node: Node) -> Check | None:
    fields = reading.fields(node, "check")
    kind = fields.one_of(KINDS, "kind") if fields is not None else None
    if fields is None or kind is None:
        return None
    fields.only(CHECK_BESIDE[kind], kind)
    if not key.value.strip():
        reading.refuse(key.place, "a check without a name", "", "the claim as its key")
    holds = fields.get("holds", shares)
    confidence = fields.get("confidence", share)
    text = entries_notation(fields.table)
    parts = (_contract if kind in AGREEMENTS else _plain)(fields, kind, text)
    if parts is None:
        return None
    contract = kind if kind in AGREEMENTS else ""
    check = Check(key.value, key.place, text, parts, contract, holds)
    if confidence is None:
        return check
    return Check(key.value, key.place, text, parts, contract, holds, confidence)


def _contract(fields: Fields, kind: str, text: str) -> tuple[Plain, ...] | None:
    terms = fields.get(kind, AGREEMENTS[kind])
    count = fields.get("count", counts)
    window = fields.get("during", during)
    if terms is None or not fields.sound:
        return None
    return expand(terms, count=count, place=fields.place, text=text, during=window)


def _plain(fields: Fields, kind: str, text: str) -> tuple[Plain, ...] | None:
    if kind == "measure":
        return _measured(fields, text)
    subject = fields.get(kind, pattern)
    part = Plain(
        cast("Literal['expect', 'never']", kind),
        fields.place,
        text,
        pattern=subject,
        anchor=_anchor(fields),
        within=fields.get("within", limit),
        unless=fields.get("unless", pattern),
        during=fields.get("during", during),
        count=fields.get("count", counts),
    )
    return (part,) if subject is not None and fields.sound else None


def _measured(fields: Fields, text: str) -> tuple[Plain, ...] | None:
    found = fields.get("measure", measure)
    if not fields.need("is") or found is None:
        return None
    bounds = fields.get("is", partial(measured_range, kind=found.kind))
    window = fields.get("during", during)
    part = Plain("measure", fields.place, text, measure=found, bounds=bounds, during=window)
    return (part,) if fields.sound else None


def _anchor(fields: Fields) -> Anchor | None:
    words = fields.present(ANCHORS)
    if len(words) > 1:
        accepted = "at most one of " + ", ".join(ANCHORS)
        fields.reading.refuse(fields.key(words[1]), "several anchors", ", ".join(words), accepted)
    if not words:
        return None
    word = cast("Literal['after', 'each', 'whenever']", words[0])
    read = instant if word == "after" else partial(_repeated, word=word)
    at = fields.get(word, read)
    return Anchor(word, at) if at is not None else None


def _repeated(reading: Reading, node: Node, word: str) -> Instant | None:
    """A pattern whose every match counts; for ``each`` also a mark."""
    if isinstance(node, Text) and word == "each":
        at = instant(reading, node)
        if at is None or isinstance(at, AtMark):
            return at
        reading.refuse(node.place, "each means many instants", node.value, "a mark or a pattern")
        return None
    matched = pattern(reading, node)
    return AtPattern(matched) if matched is not None else None
