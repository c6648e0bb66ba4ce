"""How a literal text stands in an expression: as a whole word, an address in any spelling.

Knows nothing of names or hosts; they are put in by ``wording``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

_WORD_BEFORE: Final = r"(?<![\w-])(?<!\w\.)"
_WORD_AFTER: Final = r"(?!\w)(?![.-]\w)"
# An IPv6 address goes on where a colon follows, unless that ends a clause: "::1: welcome".
_V6_BEFORE: Final = r"(?<![\w:-])(?<!\w\.)"
_V6_AFTER: Final = r"(?!\w)(?![.:-]\w)(?!::)"
_LITERAL_BEFORE: Final = re.compile(r"(?:^|[^\\])(?:\\\\)*(?:[\w-]|\\[.\-])\Z")
_LITERAL_AFTER: Final = re.compile(r"(?:[\w-]|\\[.\-])(?![?*{])")


def whole(pattern: str) -> str:
    """An expression that matches a whole word only."""
    return f"{_WORD_BEFORE}(?:{pattern}){_WORD_AFTER}"


def relaxed(pattern: str, before: str, after: str) -> str:
    """Without the word's border on a side where the expression itself names the neighbour."""
    if _LITERAL_BEFORE.search(before):
        pattern = pattern.replace(_WORD_BEFORE, "").replace(_V6_BEFORE, "")
    if _LITERAL_AFTER.match(after):
        pattern = pattern.replace(_WORD_AFTER, "").replace(_V6_AFTER, "")
    return pattern


def spelled(address: str, port: int | None = None) -> str:
    """An expression for every spelling of an address, with its port where one is given."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return whole(re.escape(address if port is None else f"{address}:{port}"))
    if parsed.version == 4:
        text = _v4(str(parsed))
        return whole(text if port is None else rf"(?:{text}|\[{text}\]):{port}")
    text = f"(?i:{_v6(int(parsed))})"
    if port is not None:
        return rf"(?:\[{text}(?:%\w+)?\]:{port}){_WORD_AFTER}"
    return f"{_V6_BEFORE}(?:{text}){_V6_AFTER}"


def _v4(dotted: str) -> str:
    """A dual-stack program prints an IPv4 peer as ``::ffff:192.0.2.1`` (RFC 4291, 2.5.5.2)."""
    return rf"(?:(?:::|(?:0{{1,4}}:){{5}})(?i:ffff):)?{re.escape(dotted)}"


def _v6(value: int) -> str:
    """RFC 4291, 2.2: leading zeros are free, one run of zero groups may be ``::``, and the last
    two groups may stand in dotted decimals."""
    words = [(value >> shift) & 0xFFFF for shift in range(112, -1, -16)]
    texts = [f"0{{0,{4 - len(f'{word:x}')}}}{word:x}" for word in words]
    dotted = re.escape(str(ipaddress.IPv4Address(value & 0xFFFFFFFF)))
    forms = [*_shortened(words, texts), *_shortened(words[:6], [*texts[:6], dotted])]
    # The longest form first: an alternative that ends early would hide the rest.
    return "|".join(sorted(set(forms), key=len, reverse=True))


def _shortened(words: list[int], texts: list[str]) -> Iterator[str]:
    """The groups in full, and with each run of zeros among ``words`` left out."""
    yield ":".join(texts)
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            if any(words[start:end]):
                break
            yield f"{':'.join(texts[:start])}::{':'.join(texts[end:])}"
