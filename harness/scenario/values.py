"""Single values: quantities, ranges, words, regular expressions, bytes.

Each function reads one node and gives the value, or None after noting what is wrong. Names
``$(…)`` that stand for hosts stay text; params are put in before anything is read here.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Final

from harness.scenario.document import Items, Node, Text
from harness.scenario.reading import Reading, accepts
from harness.units import (
    Range,
    UnitError,
    parse_count,
    parse_duration,
    parse_number,
    parse_range,
    parse_rate,
    parse_share,
    parse_size,
)

MAX_QUANTITY: Final = 60
MAX_BYTES: Final = 1 << 50
MAX_RATE: Final = 10**15
_NAME: Final = re.compile(r"\$\$\(|\$\([^()]*\)")
_HEX_PAIR: Final = re.compile(r"[0-9a-fA-F]{2}|[xX]{2}")

Number = int | Fraction


def text(reading: Reading, node: Node, form: str = "text") -> str | None:
    """Text that is not empty, without the blanks around it."""
    found = reading.text(node, form)
    return found.value.strip() if found is not None else None


def words(reading: Reading, node: Node) -> tuple[str, ...] | None:
    """A list of words, or one."""
    if isinstance(node, Items) and not node.items:
        return ()
    return reading.each(node, _word_of_list)


def _word_of_list(reading: Reading, node: Node) -> str | None:
    return text(reading, node, "words")


def word(reading: Reading, node: Node, words: Iterable[str]) -> str | None:
    """One of a fixed list."""
    words = tuple(words)
    found = reading.text(node, "word")
    if found is None or found.value.strip() in words:
        return found.value.strip() if found is not None else None
    accepted = ", ".join(words)
    reading.refuse(found.place, "is no word that belongs here", found.value, accepted, words)
    return None


def quantity(
    reading: Reading, node: Node, form: str, parse: Callable[[str], Number]
) -> Number | None:
    """A scalar read by one of the parsers of :mod:`harness.units`."""
    found = reading.text(node, form)
    if found is None:
        return None
    try:
        return parse(_short(found.value))
    except UnitError as error:
        reading.refuse(found.place, f"this {error}", found.value, error.accepted)
        return None


def _short(value: str) -> str:
    if len(value) > MAX_QUANTITY:
        raise UnitError("is too long for a quantity", f"at most {MAX_QUANTITY} characters")
    return value


def _whole(value: Number | None) -> int | None:
    return int(value) if value is not None else None


def duration(reading: Reading, node: Node) -> int | None:
    """Nanoseconds, not negative."""
    return _whole(quantity(reading, node, "duration", _length))


def _length(value: str) -> int:
    length = parse_duration(value)
    if length < 0:
        raise UnitError("is negative", "a duration from 0s")
    return length


def positive_duration(reading: Reading, node: Node) -> int | None:
    """Nanoseconds, more than none."""
    return _whole(quantity(reading, node, "duration", _positive_length))


def _positive_length(value: str) -> int:
    return _positive(_length(value), "a duration above 0s")


def _positive(value: int, accepted: str) -> int:
    if value <= 0:
        raise UnitError("is nothing", accepted)
    return value


def size(reading: Reading, node: Node) -> int | None:
    """Bytes."""
    return _whole(quantity(reading, node, "size", _bearable_size))


def _bearable_size(value: str) -> int:
    found = parse_size(value)
    if found > MAX_BYTES:
        raise UnitError("is more than the harness can count", "at most 1024 TiB")
    return found


def rate(reading: Reading, node: Node) -> int | None:
    """Bits per second, more than none."""
    return _whole(quantity(reading, node, "rate", _bearable_rate))


def _bearable_rate(value: str) -> int:
    found = _positive(parse_rate(value), "a rate above 0bit/s; `cut` or `loss: 100%` stop a link")
    if found > MAX_RATE:
        raise UnitError("is faster than the harness can count", "at most 1000000Gbit/s")
    return found


def share(reading: Reading, node: Node) -> Fraction | None:
    """A fraction of one."""
    found = quantity(reading, node, "share", parse_share)
    return Fraction(found) if found is not None else None


def count(reading: Reading, node: Node, low: int = 0, high: int | None = None) -> int | None:
    """A whole number from ``low`` to ``high``."""
    return _whole(quantity(reading, node, "count", lambda value: _counted(value, low, high)))


def _counted(value: str, low: int, high: int | None) -> int:
    found = parse_count(value)
    if found < low or (high is not None and found > high):
        raise UnitError("is out of bounds", f"{low} .. {high if high is not None else ''}".strip())
    return found


def port(reading: Reading, node: Node) -> int | None:
    """A port from 1 to 65535."""
    return count(reading, node, 1, 65_535)


def bounds(reading: Reading, node: Node, form: str, parse: Callable[[str], Number]) -> Range | None:
    """A range whose ends are read by ``parse``."""
    found = reading.text(node, form)
    if found is None:
        return None
    try:
        return parse_range(_short(found.value), parse)
    except UnitError as error:
        reading.refuse(found.place, f"this {error}", found.value, _range_form(error, form))
        return None


def _range_form(error: UnitError, form: str) -> str:
    return error.accepted if "end" in error.accepted else accepts(form)


def counts(reading: Reading, node: Node, low: int = 0) -> Range | None:
    """A range of whole numbers."""
    return bounds(reading, node, "count range", lambda value: _counted(value, low, None))


def sizes(reading: Reading, node: Node) -> Range | None:
    """A range of bytes."""
    return bounds(reading, node, "size range", _bearable_size)


def shares(reading: Reading, node: Node) -> Range | None:
    """A range of fractions of one."""
    return bounds(reading, node, "share range", parse_share)


def durations(reading: Reading, node: Node) -> Range | None:
    """A range of nanoseconds, not negative."""
    return bounds(reading, node, "duration range", _length)


def rates(reading: Reading, node: Node) -> Range | None:
    """A range of bits per second."""
    return bounds(reading, node, "rate range", parse_rate)


def numbers(reading: Reading, node: Node) -> Range | None:
    """A range of plain numbers."""
    return bounds(reading, node, "number range", parse_number)


def limit(reading: Reading, node: Node, slack_ns: int | None = None) -> Range | None:
    """A range of nanoseconds in which one value is a limit: ``3s`` is ``0s .. 3s``.

    With ``slack_ns`` one value is a moment that may be missed by so much: ``2s`` is
    ``2s .. 2s + slack``. Ends may be negative, which looks back.
    """
    form = "window" if slack_ns is None else "waits"
    found = bounds(reading, node, form, parse_duration if slack_ns is None else _length)
    if found is None or not isinstance(node, Text) or ".." in node.value:
        return found
    value = _whole(found.high) or 0
    if slack_ns is not None:
        return Range(value, value + slack_ns)
    if value < 0:
        accepted = f"{node.value} .. 0s to look back"
        reading.refuse(node.place, "a limit cannot be negative", node.value, accepted)
        return None
    return Range(0, value)


def regex(reading: Reading, node: Node) -> str | None:
    """A regular expression as written; each name in it stands for some text."""
    found = reading.text(node, "regex")
    if found is None:
        return None
    try:
        compiled(found.value)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        message = f"is no regular expression: {error}"
        reading.refuse(found.place, message, found.value, accepts("regex"))
        return None
    return found.value


def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern with each name replaced by one that matches anything.

    Raises re.error, OverflowError or RecursionError, and Warning for what a later Python will
    read in another way.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return re.compile(_NAME.sub(_stand_in, pattern))


def _stand_in(match: re.Match[str]) -> str:
    return "$(" if match.group() == "$$(" else "(?:x)"


def octets(reading: Reading, node: Node) -> bytes | None:
    """Bytes of a payload: pairs of hexadecimal digits, blanks are free."""
    pairs = _pairs(reading, node, "bytes")
    if pairs is None or any(pair is None for pair in pairs):
        if pairs is not None:
            message = "xx stands for any byte, which only a pattern can"
            reading.refuse(node.place, message, "xx", accepts("bytes"))
        return None
    return bytes(pair for pair in pairs if pair is not None)


def octet_pattern(reading: Reading, node: Node) -> tuple[int | None, ...] | None:
    """The bytes a payload begins with, None for ``xx``."""
    return _pairs(reading, node, "byte pattern")


def _pairs(reading: Reading, node: Node, form: str) -> tuple[int | None, ...] | None:
    found = reading.text(node, form)
    if found is None:
        return None
    packed = "".join(found.value.split())
    pairs = _HEX_PAIR.findall(packed)
    if "".join(pairs) != packed:
        reading.refuse(found.place, "is no sequence of bytes", found.value, accepts(form))
        return None
    return tuple(None if pair in ("xx", "XX", "xX", "Xx") else int(pair, 16) for pair in pairs)
