"""One event in one line of the field's words; nothing a program wrote is ever emitted raw.

Owns the spelling of events and the making visible of hostile text, for the ladder, the
packet comments and the reports. Knows nothing of layout.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

from harness.trace.events import (
    Address,
    AnyEvent,
    Closed,
    Corrupted,
    DatagramEvent,
    Delivered,
    Dropped,
    Duplicated,
    Ended,
    Exited,
    Fault,
    Icmp,
    Lag,
    Note,
    Output,
    Ready,
    Sent,
    Signalled,
    Started,
    Unseen,
)

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that steer a terminal or a reader's eye instead of showing a sign: controls,
format characters (bidi marks, zero widths), surrogates, private and unassigned, separators."""

_STACKED: Final = frozenset({"Mn", "Me"})
MAX_STACKED: Final = 2
"""How many combining marks a sign may carry; more of them reach into the lines above."""

EXCERPT: Final = 60
"""How many cells of a payload an event's own line shows."""

_LONG: Final = 240  # cells of a line of output: whoever shows less cuts again

PLAIN_SIGNS: Final = str.maketrans("│─┄▶◀●•►✗≠²⋮…·→", "|-~><**>x!2:~.>")
"""The harness's own signs for a terminal that knows only ASCII, one for one."""


def visible(text: str) -> str:
    """``text`` with every character that is no plain sign spelt as ``\\x1b`` or ``\\u202e``."""
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    stacked = 0
    for sign in text:
        category = unicodedata.category(sign)
        stacked = stacked + 1 if category in _STACKED else 0
        hidden = category in _HIDDEN or stacked > MAX_STACKED
        shown.append(_spelt(sign) if hidden else " " if sign.isspace() else sign)
    return "".join(shown)


def _spelt(sign: str) -> str:
    number = ord(sign)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def ascii_only(text: str) -> str:
    """The text for a stream that knows only ASCII: our signs replaced, the others spelt out."""
    return text.translate(PLAIN_SIGNS).encode("ascii", "backslashreplace").decode("ascii")


def cells(text: str) -> int:
    """How many cells of a terminal the text takes (Unicode Standard Annex 11)."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(sign: str) -> int:
    if unicodedata.category(sign) in _STACKED:
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def visible_payload(payload: bytes) -> str:
    """A payload as UTF-8, other bytes and unsafe signs spelt out."""
    return visible(payload.decode("utf-8", "backslashreplace"))


def excerpt(text: str, limit: int = EXCERPT) -> str:
    """At most ``limit`` cells, the rest told by an ellipsis."""
    if cells(text[: limit + 1]) <= limit and len(text) <= limit:
        return text
    return text if cells(text) <= limit else _cut(text, limit - 1) + "…" * (limit > 0)


def _cut(text: str, limit: int) -> str:
    taken = 0
    for place, sign in enumerate(text):
        taken += _cells(sign)
        if taken > limit:
            return text[:place]
    return text


def quoted(payload: bytes, limit: int = EXCERPT) -> str:
    """Size and beginning of a payload: ``9 B "HEARTBEAT"``."""
    return f"{len(payload)} B {spoken(payload, limit)}" if payload else "0 B"


def spoken(payload: bytes, limit: int = EXCERPT) -> str:
    """The beginning of a payload in quotes."""
    looked_at = payload[: 4 * limit]  # a character of UTF-8 has at most four bytes
    shown = visible_payload(looked_at)
    cut = cells(shown) > limit or len(payload) > len(looked_at)
    return f'"{_cut(shown, limit)}"' + "…" * cut


def seconds(time_ns: int) -> str:
    """A moment in seconds with milliseconds: ``12.345``, rounded half away from zero."""
    milliseconds = (abs(time_ns) + 500_000) // 1_000_000
    sign = "-" if time_ns < 0 and milliseconds else ""
    return f"{sign}{milliseconds // 1000}.{milliseconds % 1000:03d}"


def datagram(event: DatagramEvent) -> str:
    """The name that a datagram keeps from send to fate: ``alice->server #17``."""
    name = f"about event {event.of}" if isinstance(event, Icmp) else f"#{event.k}"
    return visible(f"{event.source}->{event.target} {name}")


def _copy(number: int) -> str:
    return f" (copy {number})" if number else ""


def _sent(event: Sent) -> str:
    forged = f" as {event.forged}" if event.forged else ""
    how = " by a step" if event.injected else ""
    return visible(f"sent{how}{forged} ") + quoted(event.payload)


def _delivered(event: Delivered) -> str:
    changed = "" if event.payload is None else f", changed to {quoted(event.payload)}"
    return f"delivered{_copy(event.copy)}{changed}"


def _dropped(event: Dropped) -> str:
    guess = ", inferred" if event.inferred else ""
    return f"dropped ({event.reason}{guess}){_copy(event.copy)}"


def _corrupted(event: Corrupted) -> str:
    what = "corrupted" if event.bit < 0 else f"corrupted in bit {event.bit}"
    return what + _copy(event.copy)


def _address(event: Address) -> str:
    port = f" port {event.port} as {event.number}" if event.port else ""
    return visible(f"{event.viewer} sees {event.host} at {event.address}{port}")


def _output(event: Output) -> str:
    stream = "" if event.stream == "stdout" else "stderr "
    cut = f" ({event.cut} B left out)" if event.cut else ""
    partial = " (no newline)" if event.partial else ""
    return f"{stream}{excerpt(visible(event.line[: _LONG + 1]), _LONG)}{cut}{partial}"


def _exited(event: Exited) -> str:
    by = {"": "by itself", "step": "by a step", "end": "after the run", "rig": "by the harness"}
    return f"exited with {event.code} {by[event.by]}"


def _unseen(event: Unseen) -> str:
    if event.on:
        return f"what is sent to {event.host}:{event.port} is refused unseen from here on"
    return f"what is sent to {event.host}:{event.port} is seen again"


def _fault(event: Fault) -> str:
    member = f" ({event.host})" if event.host else ""
    repeat = f"-{event.index}" if event.index > 1 else ""
    mark = f" [{event.mark}{repeat}{'' if event.on else '.end'}]" if event.mark else ""
    return visible(f"{'on' if event.on else 'off'}: {event.text}{member}{mark}")


def _note(event: Note) -> str:
    return visible(f"note{f' ({event.fault})' if event.fault else ''}: {event.text}")


def _life(event: Started | Ready) -> str:
    word = "started" if isinstance(event, Started) else "ready"
    return word if event.life == 1 else f"{word} again ({event.life})"


_WORDS: Final[dict[type, Callable[..., str]]] = {
    Address: _address,
    Started: _life,
    Ready: _life,
    Output: _output,
    Exited: _exited,
    Signalled: lambda event: visible(f"was sent {event.signal}: {event.why}"),
    Sent: _sent,
    Delivered: _delivered,
    Dropped: _dropped,
    Duplicated: lambda event: f"duplicated{_copy(event.copy)}",
    Corrupted: _corrupted,
    Icmp: lambda event: visible(f"ICMP {event.code} arrives"),
    Fault: _fault,
    Unseen: _unseen,
    Lag: lambda event: visible(f"lag up to {seconds(event.worst)} s: {event.what}"),
    Note: _note,
    Ended: lambda event: f"end of the run ({event.why})",
    Closed: lambda event: f"closed; steps missed: {len(event.steps_missed)}",
}


def words(event: AnyEvent) -> str:
    """What happened, without saying to whom: ``dropped (loss)``, ``9 B "HEARTBEAT"``."""
    return _WORDS[type(event)](event)


def subject(event: AnyEvent) -> str:
    """Whom an event is about: a datagram's name, a host, or nothing."""
    if isinstance(event, DatagramEvent):
        return datagram(event)
    return "" if isinstance(event, Address | Fault) else visible(getattr(event, "host", ""))


def describe(event: AnyEvent) -> str:
    """One line for any event: ``alice->server #17 dropped (loss)``; always safe to print."""
    name = subject(event)
    text = words(event)
    if isinstance(event, Output):
        return f"{name}: {text}"
    return f"{name} {text}" if name else text
