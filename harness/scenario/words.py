"""The fixed words of the language: what each form of value accepts, and which words go together.

:mod:`harness.scenario.vocabulary` lists the keys; here stand the values that are words, and the
combinations that a reader allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FORMS: Final[Mapping[str, str]] = {
    "text": "text",
    "words": "a list of words such as [a, b], or one word",
    "word": "one of the listed words",
    "command": "a command such as python server.py $(self:9999), or a list of words",
    "environment": "a mapping of names to texts",
    "regex": "a regular expression as Python's re reads it",
    "bytes": "bytes such as 12 34 ab",
    "byte pattern": "bytes such as 12 xx 81, xx for any byte",
    "host": "a host, a group, a member such as client-3, any client, other client or any",
    "flow": "a flow such as alice -> server or alice <-> server:9999",
    "flows": "a flow such as alice -> server, or a list of flows",
    "instant": "a time such as 45s, a mark such as outage.end + 5s, or a pattern",
    "during": "two instants such as 5s .. outage, or a mark",
    "mark": "a name of letters, digits, - and _, a letter first",
    "pattern": "a pattern such as {output: server, says: ready}",
    "patterns": "a list of patterns",
    "flows or pattern": "a flow, a list of flows, or a pattern with a numeric group id",
    "duration": "a duration such as 200ms, 1.5s, 1m30s or 2h (units ns us ms s m h)",
    "size": "a size such as 1400B or 64KiB",
    "rate": "a rate such as 2Mbit/s or 64kbit/s",
    "share": "a share such as 5% or 0.1%",
    "count": "a whole number such as 12",
    "port": "a port from 1 to 65535",
    "nth": "a whole number from 1, or last",
    "count range": "a range of whole numbers such as 2 .. 5, 2 .., .. 5 or 5",
    "positions": "a list of positions from 1, such as [1 .. 3, 7]",
    "duration range": "a range of durations such as 1s .. 2s, 1s .., .. 2s or 1s",
    "window": "a range of durations such as 10s .. 11s, or one as a limit: 3s is 0s .. 3s",
    "waits": "a list of durations or ranges such as [2s, 4s .. 5s]",
    "size range": "a range of sizes such as 1401B ..",
    "share range": "a range of shares such as 95% ..",
    "number range": "a range of numbers such as .. 3.5",
    "rate range": "a range of rates such as 1Mbit/s ..",
    "code": "a range of exit codes such as 1 .., or an ICMP error such as port-unreachable",
    "ready": "started, or {says: REGEX} or {port: 9999}, with within",
    "link": "the name of a profile, or a mapping of link fields",
    "profile": "the name of a profile",
    "loss": "a share, {packets: [1 .. 3, 7]} or {enter: 1%, leave: 25%}",
    "links": "a mapping of flows to links such as {alice -> server: {loss: 5%}}",
    "hosts": "a mapping of names to hosts such as {server: {run: …}}, {} for a silent one",
    "steps": "a list of steps such as [{at: 5s, cut: alice -> server}]",
    "checks": "a mapping of claims to checks such as {it answers: {expect: …}}",
    "mutants": "a mapping of names to mutants such as {never answers: {…, breaks: […]}}",
    "parts": "a list of payload parts such as [{hex: ffff}, {copy: 2 ..}]",
}
"""What each form accepts, in the words of an error message."""

REASONS: Final = (
    "loss", "cut", "queue", "mtu", "corrupt", "nobody", "buffer", "nat", "fragment", "ttl",
)  # fmt: skip
ICMP_CODES: Final = (
    "port-unreachable", "host-unreachable", "fragmentation-needed", "ttl-exceeded",
)  # fmt: skip
STREAMS: Final = ("stdout", "stderr")
FAMILIES: Final = ("ipv4", "ipv6")
STDIO: Final = ("pipe", "tty")
NEW_SOURCES: Final = ("port", "address")
SIGNALS: Final = ("TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "ALRM", "ABRT", "KILL")
HOW_OFTEN: Final = ("exactly once", "at least once", "at most once")
IN_ORDER: Final = " in order"

REFINEMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "sent": ("says", "hex", "size"),
    "delivered": ("says", "hex", "size"),
    "dropped": ("reason", "says", "hex", "size"),
    "duplicated": ("says", "hex", "size"),
    "corrupted": ("says", "hex", "size"),
    "icmp": ("code",),
    "output": ("stream", "says"),
    "started": (),
    "ready": (),
    "exit": ("code",),
    "ended": ("code",),
    "either": (),
}
"""Which refinements each kind of pattern takes; ``nth`` and ``plus`` are taken by all."""

ANCHORS: Final = ("after", "each", "whenever")
_PLAIN: Final = (*ANCHORS, "within", "unless", "during")
_CLAIM: Final = ("during", "holds", "confidence")
CHECK_BESIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "expect": (*_PLAIN, "count", "holds", "confidence"),
    "never": (*_PLAIN, "holds", "confidence"),
    "measure": ("is", *_CLAIM),
    "heartbeat": ("count", *_CLAIM),
    "timeout": ("count", *_CLAIM),
    "delivery": _CLAIM,
    "alive": _CLAIM,
}
"""Which words go beside each kind of check."""

MEASURE_BESIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "loss": (),
    "duplicates": (),
    "reordering": (),
    "share": ("per",),
    "latency": ("quantile",),
    "time": ("to", "quantile"),
    "jitter": (),
    "goodput": (),
    "value": ("quantile",),
}
"""Which words go beside each kind of measure."""
