"""INSTANT and ``during``: times, marks moved by a duration, and patterns.

Whether a mark exists, repeats or has an end is judged when the whole scenario is known.
"""

from __future__ import annotations

import re
from typing import Final

from harness.scenario.document import Node, Text
from harness.scenario.model import AtMark, AtPattern, AtTime, During, Instant
from harness.scenario.patterns import pattern
from harness.scenario.reading import Reading, accepts
from harness.units import UnitError, parse_duration

MARK_NAME: Final = r"[A-Za-z_][A-Za-z0-9_-]*"
_MARK: Final = re.compile(rf"({MARK_NAME}?)(?:-([1-9]\d{{0,8}}))?(\.end)?", re.ASCII)
_MOVED: Final = re.compile(r"(.+?)\s+([+-])\s+(\S.*)", re.DOTALL)


def instant(reading: Reading, node: Node) -> Instant | None:
    """A time after zero, a mark, or the match of a pattern."""
    if isinstance(node, Text):
        found = reading.text(node, "instant")
        return instant_word(reading, found, found.value) if found is not None else None
    matched = pattern(reading, node)
    return AtPattern(matched) if matched is not None else None


def instant_word(reading: Reading, node: Text, word: str) -> AtTime | AtMark | None:
    """An instant that is written in one word, or moved by a duration: ``outage.end + 5s``."""
    word = word.strip()
    moved = _MOVED.fullmatch(word)
    base, plus_text = (moved[1], moved[2] + moved[3]) if moved else (word, "0s")
    try:
        plus_ns = parse_duration(plus_text)
        mark = _MARK.fullmatch(base)
        if mark is None:
            return AtTime(parse_duration(base) + plus_ns)
    except UnitError as error:
        accepted = accepts("instant") if "is not" in str(error) else error.accepted
        reading.refuse(node.place, f"this {error}", word, accepted)
        return None
    index = int(mark[2]) if mark[2] else None
    return AtMark(mark[1], node.place, bool(mark[3]), index, plus_ns)


def during(reading: Reading, node: Node) -> During | None:
    """``INSTANT .. INSTANT`` with one end or both, or a mark for as long as it lasts."""
    found = reading.text(node, "during")
    if found is None:
        return None
    if ".." not in found.value:
        return _while(reading, found)
    start_text, _, end_text = found.value.partition("..")
    if not start_text.strip() and not end_text.strip():
        reading.refuse(found.place, "this names no instant", found.value, accepts("during"))
        return None
    start = instant_word(reading, found, start_text) if start_text.strip() else None
    end = instant_word(reading, found, end_text) if end_text.strip() else None
    wrong = (start_text.strip() and start is None) or (end_text.strip() and end is None)
    return None if wrong else During(start, end)


def _while(reading: Reading, node: Text) -> During | None:
    """A bare mark: from its beginning to its end."""
    mark = _MARK.fullmatch(node.value.strip())
    if mark is None or mark[3]:
        reading.refuse(node.place, "this is no stretch of time", node.value, accepts("during"))
        return None
    index = int(mark[2]) if mark[2] else None
    begin = AtMark(mark[1], node.place, False, index)  # noqa: FBT003
    return During(begin, AtMark(mark[1], node.place, True, index))  # noqa: FBT003
