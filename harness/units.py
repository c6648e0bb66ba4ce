"""Quantities: text with a unit to integers in one base unit, and back.

Durations are nanoseconds, sizes bytes, rates bits per second, shares fractions of one. A number
without its unit is refused, because ``10`` means seconds to one reader and milliseconds to
another.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

DURATION_UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
SIZE_UNITS: Final = {
    "B": 1,
    "kB": 1_000,
    "KB": 1_000,
    "MB": 1_000_000,
    "GB": 1_000_000_000,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
}
RATE_UNITS: Final = {
    "bit/s": 1,
    "kbit/s": 1_000,
    "Kbit/s": 1_000,
    "Mbit/s": 1_000_000,
    "Gbit/s": 1_000_000_000,
}

DURATION_FORM: Final = "a duration such as 200ms, 1.5s, 1m30s or 2h (units ns us ms s m h)"
SIZE_FORM: Final = "a size such as 1400B or 64KiB"
RATE_FORM: Final = "a rate such as 2Mbit/s or 64kbit/s"
SHARE_FORM: Final = "a share such as 5% or 0.1%"
COUNT_FORM: Final = "a whole number such as 12"
NUMBER_FORM: Final = "a number such as 3 or 0.5"

MAX_DURATION_NS: Final = 1 << 62
_NUMBER: Final = r"(?:\d+(?:\.\d+)?|\.\d+)"
_PART: Final = re.compile(rf"({_NUMBER})\s*([A-Za-z/]+)", re.ASCII)
_PLAIN: Final = re.compile(rf"[+-]?{_NUMBER}", re.ASCII)


class UnitError(ValueError):
    """A text is no such quantity; ``accepted`` says what one looks like."""

    def __init__(self, message: str, accepted: str) -> None:
        self.accepted = accepted
        super().__init__(message)


def _scaled(number: str, factor: int, text: str, accepted: str) -> int:
    value = Fraction(Decimal(number)) * factor
    if value.denominator != 1:
        raise UnitError(f"{text!r} is finer than the smallest unit", accepted)
    return int(value)


def _one_part(text: str, units: dict[str, int], accepted: str, what: str) -> int:
    match = _PART.fullmatch(text.strip())
    if match is None:
        missing = "lacks its unit" if _PLAIN.fullmatch(text.strip()) else f"is not {what}"
        raise UnitError(missing, accepted)
    number, unit = match.groups()
    if unit not in units:
        raise UnitError(f"{unit!r} is no unit of {what.removeprefix('a ')}", accepted)
    return _scaled(number, units[unit], text, accepted)


def parse_duration(text: str) -> int:
    """``1m30s`` to nanoseconds. A leading ``-`` or ``+`` is allowed."""
    body = text.strip()
    sign = -1 if body.startswith("-") else 1
    body = body.lstrip("+-") if body[:1] in ("+", "-") else body
    parts = list(_PART.finditer(body))
    if not parts or "".join(part.group(0) for part in parts) != body:
        missing = "lacks its unit" if _PLAIN.fullmatch(body) else "is not a duration"
        raise UnitError(missing, DURATION_FORM)
    total, last = 0, 1 << 63
    for part in parts:
        number, unit = part.groups()
        factor = DURATION_UNITS.get(unit)
        if factor is None:
            raise UnitError(f"{unit!r} is no unit of duration", DURATION_FORM)
        if factor >= last:
            raise UnitError("has its units out of order", DURATION_FORM)
        last = factor
        total += _scaled(number, factor, text, DURATION_FORM)
    if total > MAX_DURATION_NS:
        raise UnitError("is longer than the harness can count", "at most 146 years")
    return sign * total


def parse_size(text: str) -> int:
    """``64KiB`` to bytes."""
    return _one_part(text, SIZE_UNITS, SIZE_FORM, "a size")


def parse_rate(text: str) -> int:
    """``2Mbit/s`` to bits per second."""
    return _one_part(text, RATE_UNITS, RATE_FORM, "a rate")


def parse_share(text: str) -> Fraction:
    """``5%`` to an exact fraction of one, within 0 % .. 100 %."""
    body = text.strip()
    if not body.endswith("%"):
        missing = "lacks its unit" if _PLAIN.fullmatch(body) else "is not a share"
        raise UnitError(missing, SHARE_FORM)
    number = body[:-1].strip()
    if not re.fullmatch(_NUMBER, number, re.ASCII):
        raise UnitError("is not a share", SHARE_FORM)
    value = Fraction(Decimal(number)) / 100
    if value > 1:
        raise UnitError("is more than 100 %", "0% .. 100%")
    return value


def parse_count(text: str) -> int:
    """``12`` to 12; not negative."""
    body = text.strip()
    if not re.fullmatch(r"\d{1,18}", body, re.ASCII):
        raise UnitError("is not a whole number", COUNT_FORM)
    return int(body)


def parse_number(text: str) -> Fraction:
    """``0.5`` to an exact number without a unit."""
    body = text.strip()
    if not _PLAIN.fullmatch(body):
        raise UnitError("is not a number", NUMBER_FORM)
    return Fraction(Decimal(body))


@dataclass(frozen=True, slots=True)
class Range:
    """An interval that contains both its ends; ``None`` is an open end without bound."""

    low: int | Fraction | None
    high: int | Fraction | None

    def __contains__(self, value: float | Fraction) -> bool:
        above = self.low is None or value >= self.low
        return above and (self.high is None or value <= self.high)


def parse_range(text: str, parse: Callable[[str], int | Fraction]) -> Range:
    """``2 .. 5``, ``2 ..``, ``.. 5`` or ``5`` (exactly), each end read by ``parse``."""
    low_text, dots, high_text = text.partition("..")
    if not dots:
        value = parse(text)
        return Range(value, value)
    if not low_text.strip() and not high_text.strip():
        raise UnitError("is a range without an end", "at least one end: 2 .., .. 5 or 2 .. 5")
    low = parse(low_text) if low_text.strip() else None
    high = parse(high_text) if high_text.strip() else None
    if low is not None and high is not None and low > high:
        raise UnitError("runs backwards", "the smaller end first")
    return Range(low, high)


def _decimal(value: Fraction) -> str:
    return f"{float(value):.6g}"


def format_duration(duration_ns: int) -> str:
    """The shortest exact spelling: ``1m30s``, ``20ms``, ``1.5s``."""
    if duration_ns < 0:
        return "-" + format_duration(-duration_ns)
    if duration_ns >= DURATION_UNITS["m"] and duration_ns % DURATION_UNITS["s"] == 0:
        return _clock_duration(duration_ns // DURATION_UNITS["s"])
    for unit in ("s", "ms", "us"):
        value = Fraction(duration_ns, DURATION_UNITS[unit])
        if value >= 1:
            return f"{Decimal(value.numerator) / Decimal(value.denominator):f}{unit}"
    return f"{duration_ns}ns" if duration_ns else "0s"


def _clock_duration(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (left, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number)


def format_size(size_bytes: int) -> str:
    """Bytes as ``1400B`` or, where it is exact, ``64KiB``."""
    for unit in ("GiB", "MiB", "KiB"):
        if size_bytes and size_bytes % SIZE_UNITS[unit] == 0:
            return f"{size_bytes // SIZE_UNITS[unit]}{unit}"
    return f"{size_bytes}B"


def format_rate(rate_bps: int) -> str:
    """Bits per second as ``2Mbit/s``."""
    for unit in ("Gbit/s", "Mbit/s", "kbit/s"):
        if rate_bps and rate_bps % RATE_UNITS[unit] == 0:
            return f"{rate_bps // RATE_UNITS[unit]}{unit}"
    return f"{rate_bps}bit/s"


def format_share(share: Fraction | float) -> str:
    """A fraction of one as ``5%``."""
    return f"{_decimal(Fraction(share) * 100)}%"


def format_range(bounds: Range, show: Callable[[int], str] | Callable[[Fraction], str]) -> str:
    """A range in the notation it is written in."""
    if bounds.low is not None and bounds.low == bounds.high:
        return show(bounds.low)  # type: ignore[arg-type]
    low = "" if bounds.low is None else f"{show(bounds.low)} "  # type: ignore[arg-type]
    high = "" if bounds.high is None else f" {show(bounds.high)}"  # type: ignore[arg-type]
    return f"{low}..{high}"
