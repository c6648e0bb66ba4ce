"""A quantity as a number without its unit, for programs that take seconds or bytes.

``$(expire.s)`` of ``10s`` is ``10``; ``.ms``, ``.B`` and ``.ratio`` likewise. The digits are
exact: no float is involved.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final

from harness.units import parse_duration, parse_share, parse_size

BARE_UNITS: Final = ("s", "ms", "B", "ratio")
_DIGITS: Final = 60  # 146 years in nanoseconds have 19


def bare_number(text: str, unit: str) -> str:
    """The quantity in ``unit``, one of BARE_UNITS. Raises UnitError for no such quantity."""
    if unit == "s":
        return _decimal(Fraction(parse_duration(text), 1_000_000_000))
    if unit == "ms":
        return _decimal(Fraction(parse_duration(text), 1_000_000))
    if unit == "B":
        return str(parse_size(text))
    return _decimal(parse_share(text))


def _decimal(value: Fraction) -> str:
    with localcontext() as context:
        context.prec = _DIGITS
        number = Decimal(value.numerator) / Decimal(value.denominator)
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
