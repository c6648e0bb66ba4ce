"""Named groups that are bound: whether one may catch several things in a text, and tying it.

A search gives one way to match from each place where a match begins, so an expression that can
reach a group in several ways (``id=.*id=(?P<id>\\d+)``) hides all but one of them. Knows
expressions only; what is bound to what is for ``wording`` and ``matching``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

# What a parenthesis or a sign of repetition is not: escaped, or one of a character class.
_TOKENS: Final = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?#[^)]*\)|\(\?P<(?P<name>\w+)>"
    r"|\(\?[:=!>]|\(\?<[=!]|\(\?P=|\(\?[a-zA-Z-]+[:)]|[()*+?{|]",
    re.DOTALL,
)
# References by number, which another group would move, and `(?x)`, where comments hold anything.
_LEFT_ALONE: Final = re.compile(r"\\[1-9]|\(\?\(|\(\?[a-zA-Z]*x[a-zA-Z]*[-:)]")
_ROAMING: Final = frozenset("*+?{|")


def may_roam(expression: str) -> bool:
    """Whether a named group may stand at several distances from where a match begins: where
    anything outside one is repeated, optional or an alternative, or where there are several.

    What refers to groups by number is left as it is, and what is written with ``(?x)``.
    """
    if _LEFT_ALONE.search(expression):
        return False
    spans = [span for spans in _spans(expression).values() for span in spans]
    outside = (
        token[0]
        for token in _TOKENS.finditer(expression)
        if not any(start <= token.start() < end for start, end in spans)
    )
    return len(spans) > 1 or any(token in _ROAMING for token in outside)


def tied(expression: str, bound: Mapping[str, str]) -> str:
    """The expression, where each bound group catches at its place what it would by itself, and
    that is exactly the text that it is bound to.

    By itself: ``(?P<id>\\d+)`` never catches the 5 of 57.
    """
    edits: list[tuple[int, str]] = []
    for name, spans in _spans(expression).items():
        if name not in bound:
            continue
        start, end = spans[0]
        rest, opener = f"_after_{name}", len(f"(?P<{name}>")
        edits.append((start, f"(?=(?-i:{re.escape(bound[name])})(?P<{rest}>(?s:.*)))"))
        edits.append((start + opener, "(?>"))
        # The same rest of the text is left: so the group ends where its text does.
        edits.append((end - 1, ")"))
        edits.append((end, f"(?=(?P={rest})(?!(?s:.)))"))
    for position, text in sorted(edits, key=lambda edit: edit[0], reverse=True):
        expression = expression[:position] + text + expression[position:]
    return expression


def _spans(expression: str) -> dict[str, list[tuple[int, int]]]:
    """Where each named group begins and ends, its parentheses included."""
    spans: dict[str, list[tuple[int, int]]] = {}
    opened: list[tuple[str, int]] = []
    for token in _TOKENS.finditer(expression):
        text = token[0]
        if text == ")" and opened:
            name, start = opened.pop()
            if name:
                spans.setdefault(name, []).append((start, token.end()))
        elif text.startswith("(") and not text.endswith(")"):
            opened.append((token["name"] or "", token.start()))
    return spans
