"""Events in words: one line each, safe to show."""

from __future__ import annotations

import unicodedata

from harness.trace.events import (
    Address,
    AnyEvent,
    Closed,
    Corrupted,
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
)

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


def payload_text(payload: bytes) -> str:
    """A payload as the language sees it: UTF-8, other bytes as ``\\xNN``; safe to show."""
    return visible(payload.decode("utf-8", "backslashreplace"))


def shortened(text: str, width: int) -> str:
    """At most ``width`` characters, the cut shown by an ellipsis."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def seconds(t_ns: int) -> str:
    """A time for the eye: seconds with milliseconds."""
    return f"{t_ns / 1e9:.3f}"


def describe(event: AnyEvent) -> str:
    """What happened, in the field's words; without the time."""
    match event:
        case Sent():
            return f"sent {len(event.payload)} B: {payload_text(event.payload)}"
        case Delivered():
            return "delivered" + (f" copy {event.copy}" if event.copy else "")
        case Dropped():
            return f"dropped ({event.reason}{', inferred' if event.inferred else ''})"
        case Duplicated():
            return "duplicated"
        case Corrupted():
            return "corrupted" if event.bit < 0 else f"payload bit {event.bit} flipped"
        case Icmp():
            return f"icmp {event.code}"
        case Output():
            return f"{'2' if event.stream == 'stderr' else ''}> {visible(event.line)}"
        case Fault():
            name = f" [{event.mark}{f'-{event.index}' if event.index > 1 else ''}]" if event.mark else ""
            return f"{'begins' if event.on else 'ends'}: {visible(event.text)}{name}"
        case _:
            return _about_hosts(event)


def _about_hosts(event: AnyEvent) -> str:
    match event:
        case Started():
            return f"starts (pid {event.pid})" + (f", life {event.life}" if event.life > 1 else "")
        case Ready():
            return "is ready"
        case Exited():
            by = {"": "by itself", "step": "by a step", "end": "after the run", "rig": "by the rig"}
            return f"ended with code {event.code} {by[event.by]}"
        case Signalled():
            return f"signal {event.signal} ({event.why})"
        case Address():
            port = f":{event.port} = {event.address}:{event.number}" if event.port else event.address
            return f"{event.viewer} sees {event.host} at {port}"
        case Lag():
            return f"lag {event.worst / 1e6:.3f} ms: {event.what}"
        case Note():
            return f"note{f' ({event.fault})' if event.fault else ''}: {visible(event.text)}"
        case Ended():
            return f"the run ends ({event.why})"
        case Closed():
            return "closed"
        case _:
            return type(event).__name__.lower()
