"""The grammar of ``$(…)``: text to literal parts and names, and back.

What a name stands for is not known here: params are put in by
:mod:`harness.scenario.variants`, hosts by a lab, named groups by a judge.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

NAME_FORM: Final = (
    "$(server), $(server:9999), $(server:9999.host), $(self.name), $(other client.name), "
    "$(param.s), $(id); $$( is a plain $("
)
SELF: Final = "self"
OTHER: Final = "other"

_WORD: Final = r"[A-Za-z0-9_][A-Za-z0-9_-]*"
_OPENING: Final = re.compile(r"\$\$\(|\$\(")
_INSIDE: Final = re.compile(
    rf"(?P<other>other +)?(?P<base>{_WORD})(?::(?P<port>\d{{1,5}}))?"
    rf"(?P<field>(?:\.{_WORD})*)",
    re.ASCII,
)
_MAX_PORT: Final = 65535


class MalformedNameError(ValueError):
    """A ``$(`` that is no name. ``found`` is the offending piece, ``accepted`` what is valid."""

    def __init__(self, message: str, found: str, accepted: str = NAME_FORM) -> None:
        self.message = message
        self.found = found
        self.accepted = accepted
        super().__init__(f"{message}, found {found!r}; accepted: {accepted}")


@dataclass(frozen=True, slots=True)
class Name:
    """One ``$(…)``.

    ``base`` is a host, ``self``, a param or a named group; ``other`` is set for
    ``$(other client)``; ``port`` is None without one; ``field`` is what follows the dot (``host``,
    ``s``, ``loss`` or ``loss.ratio``), empty without one; ``text`` is the name as written.
    """

    base: str
    other: bool = False
    port: int | None = None
    field: str = ""
    text: str = ""

    def __str__(self) -> str:
        who = f"{OTHER} {self.base}" if self.other else self.base
        port = "" if self.port is None else f":{self.port}"
        field = f".{self.field}" if self.field else ""
        return f"$({who}{port}{field})"


Part = str | Name


def parse_names(text: str) -> tuple[Part, ...]:
    """Split a text into literal parts (``$$(`` already undone) and names, in order.

    Raises MalformedNameError where a ``$(`` is not closed or holds no name.
    """
    parts: list[Part] = []
    for piece in _pieces(text):
        literal = "$(" if piece == "$$(" else piece
        if isinstance(literal, str) and parts and isinstance(parts[-1], str):
            parts[-1] += literal
        else:
            parts.append(literal)
    return tuple(parts)


def names_of(texts: Iterable[str]) -> tuple[Name, ...]:
    """Every name in several texts, in order; texts that are malformed raise MalformedNameError."""
    return tuple(part for text in texts for part in parse_names(text) if isinstance(part, Name))


def substitute(text: str, resolve: Callable[[Name], str | None]) -> str:
    """Put names in for good: ``$$(`` becomes ``$(``; a name that resolves to None stays."""
    return "".join(_value(part, resolve) for part in parse_names(text))


def put_in(text: str, resolve: Callable[[Name], str | None]) -> str:
    """Put some names in and leave the rest, ``$$(`` included, for a later stage."""
    return "".join(_value(piece, resolve) for piece in _pieces(text))


def escaped(text: str) -> str:
    """A text that :func:`parse_names` reads as exactly this literal."""
    return text.replace("$(", "$$(")


def _value(part: Part, resolve: Callable[[Name], str | None]) -> str:
    if isinstance(part, str):
        return part
    value = resolve(part)
    return part.text if value is None else value


def _pieces(text: str) -> Iterable[Part]:
    position = 0
    for opening in _OPENING.finditer(text):
        if opening.start() < position:
            continue
        if opening.start() > position:
            yield text[position : opening.start()]
        if opening.group() == "$$(":
            yield "$$("
            position = opening.end()
        else:
            name = _name(text, opening.start())
            yield name
            position = opening.start() + len(name.text)
    if position < len(text):
        yield text[position:]


def _name(text: str, start: int) -> Name:
    close = text.find(")", start)
    if close < 0:
        raise MalformedNameError("a $( is not closed", text[start:])
    whole = text[start : close + 1]
    match = _INSIDE.fullmatch(whole[2:-1].strip())
    if match is None:
        raise MalformedNameError("this is no name", whole)
    port = match["port"]
    if port is not None and not 0 < int(port) <= _MAX_PORT:
        raise MalformedNameError("a port is out of range", whole, f"a port from 1 to {_MAX_PORT}")
    return Name(
        base=match["base"],
        other=match["other"] is not None,
        port=None if port is None else int(port),
        field=match["field"].removeprefix("."),
        text=whole,
    )
