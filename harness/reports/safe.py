"""Text of programs and datagrams, made safe to show.

What a tested program prints is hostile: control characters, terminal escapes and marks that turn
the direction of writing are shown as escapes, never passed on.
"""

from __future__ import annotations

import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """The text with every character that could act on a terminal spelled out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN:
        return character
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def shortened(text: str, width: int) -> str:
    """At most ``width`` characters, the cut shown by an ellipsis."""
    return text if len(text) <= width else text[: width - 1] + "…"
