"""Traces written by hand, for tests of judges: say what happened and when, in seconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from harness.checks.event_index import EventIndex
from harness.checks.matches import Finder
from harness.checks.plain import judge_plain
from harness.checks.verdict import CheckVerdict, Outcome
from harness.errors import Place
from harness.scenario.model import (
    Anchor,
    AtPattern,
    AtTime,
    Check,
    End,
    Flow,
    Host,
    HostRef,
    Kind,
    Pattern,
    Plain,
    Scenario,
    Single,
    Step,
    Whose,
)
from harness.trace.events import (
    Address,
    AnyEvent,
    Closed,
    Delivered,
    Dropped,
    Ended,
    Exited,
    Fault,
    Header,
    Output,
    Sent,
    Started,
    Trace,
)
from harness.units import Range

PLACE = Place("case.yaml", 1, 1)
SECOND = 1_000_000_000


def ns(seconds: float) -> int:
    return round(seconds * SECOND)


def secs(low: float | None, high: float | None) -> Range:
    return Range(None if low is None else ns(low), None if high is None else ns(high))


def host_ref(word: str) -> HostRef:
    """A HOST word as the language reads it, for names without digits at their end."""
    if word == "any":
        return HostRef(whose=Whose.ALL)
    for whose in (Whose.ANY, Whose.OTHER):
        if word.startswith(f"{whose.value} "):
            inner = host_ref(word.removeprefix(f"{whose.value} "))
            return HostRef(inner.name, inner.member, whose)
    name, _, number = word.rpartition("-")
    return HostRef(name, int(number)) if name and number.isdigit() else HostRef(word)


def end(word: str) -> End:
    host, _, port = word.partition(":")
    number = int(port) if port else None
    if host[:1].isdigit():
        return End(port=number, address=host)
    return End(host_ref(host), number)


def flow(text: str) -> Flow:
    both = "<->" in text
    source, target = text.split("<->" if both else "->")
    return Flow(end(source.strip()), end(target.strip()), both)


def datagram(kind: str, *flows: str, **words: Any) -> Single:
    return Single(Kind(kind), PLACE, flows=tuple(map(flow, flows)), **words)


def sent(*flows: str, **words: Any) -> Single:
    return datagram("sent", *flows, **words)


def delivered(*flows: str, **words: Any) -> Single:
    return datagram("delivered", *flows, **words)


def dropped(*flows: str, **words: Any) -> Single:
    return datagram("dropped", *flows, **words)


def output(host: str, says: str | None = None, **words: Any) -> Single:
    return Single(Kind.OUTPUT, PLACE, host=host_ref(host), says=says, **words)


def about(kind: str, host: str, **words: Any) -> Single:
    return Single(Kind(kind), PLACE, host=host_ref(host), **words)


def each(pattern: Pattern) -> Anchor:
    return Anchor("each", AtPattern(pattern))


def whenever(pattern: Pattern) -> Anchor:
    return Anchor("whenever", AtPattern(pattern))


def after(pattern: Pattern) -> Anchor:
    return Anchor("after", AtPattern(pattern))


def expect(pattern: Pattern | None, **words: Any) -> Plain:
    return Plain("expect", PLACE, "expect", pattern=pattern, **words)


def never(pattern: Pattern, **words: Any) -> Plain:
    return Plain("never", PLACE, "never", pattern=pattern, **words)


def scenario(
    *checks: Check,
    hosts: Iterable[str] = ("server", "alice", "bob", "client"),
    clients: int = 3,
    peers: int = 0,
    timeline: tuple[Step, ...] = (),
) -> Scenario:
    """Hosts ``server``, ``alice``, ``bob``, and the group ``client``; ``peer`` if asked for."""
    counts = {"client": clients, "peer": peers}
    named = [*hosts, "peer"] if peers else [*hosts]
    return Scenario(
        path="case.yaml",
        claim="a claim",
        variant="",
        digest="0",
        text="",
        until=AtTime(ns(60)),
        hosts={
            name: Host(name, PLACE, run=("python", f"{name}.py"), count=counts.get(name))
            for name in named
        },
        checks=checks,
        timeline=timeline,
    )


@dataclass
class Story:
    """Events in the order in which they are told; ``lag`` in seconds goes with any of them."""

    events: list[AnyEvent] = field(default_factory=list)
    positions: dict[tuple[str, str], int] = field(default_factory=dict)

    def _add(self, kind: type, at: float, **fields: Any) -> int:
        n = len(self.events) + 1
        lag = ns(fields.pop("lag", 0))
        self.events.append(kind(n=n, t=ns(at), lag=lag, **fields))
        return n

    def sees(self, viewer: str, host: str, address: str, port: int = 0, number: int = 0) -> Story:
        self._add(Address, -1, viewer=viewer, host=host, address=address, port=port, number=number)
        return self

    def sends(self, at: float, path: str, text: bytes | str = b"x", **fields: Any) -> int:
        source, target = path.split("->")
        k = self.positions[source, target] = self.positions.get((source, target), 0) + 1
        payload = text.encode() if isinstance(text, str) else text
        return self._add(Sent, at, source=source, target=target, k=k, payload=payload, **fields)

    def _fate(self, kind: type, at: float, of: int, **fields: Any) -> int:
        origin = self.events[of - 1]
        assert isinstance(origin, Sent)
        where = {"source": origin.source, "target": origin.target, "k": origin.k}
        ports = {"sport": origin.sport, "dport": origin.dport}
        return self._add(kind, at, **{**where, **ports, "of": of, **fields})

    def delivers(self, at: float, of: int, **fields: Any) -> int:
        return self._fate(Delivered, at, of, **fields)

    def drops(self, at: float, of: int, reason: str = "loss", **fields: Any) -> int:
        return self._fate(Dropped, at, of, reason=reason, **fields)

    def passes(self, at: float, path: str, text: bytes | str = b"x", **fields: Any) -> int:
        """Sent and delivered at once; the number of the delivery."""
        lag = fields.pop("lag", 0)
        return self.delivers(at, self.sends(at, path, text, **fields), lag=lag)

    def prints(self, at: float, host: str, line: str, **fields: Any) -> int:
        return self._add(
            Output, at, host=host, stream=fields.pop("stream", "stdout"), line=line, **fields
        )

    def starts(self, at: float, host: str) -> int:
        return self._add(Started, at, host=host)

    def exits(self, at: float, host: str, code: int = 0, **fields: Any) -> int:
        return self._add(Exited, at, host=host, code=code, **fields)

    def fault(self, at: float, mark: str, *, on: bool = True, **fields: Any) -> int:
        return self._add(Fault, at, step=0, on=on, text="cut", mark=mark, **fields)

    def ends(self, at: float, why: str = "until") -> Story:
        self._add(Ended, at, why=why)
        return self

    def closes(self, at: float) -> Story:
        self._add(Closed, at)
        return self

    def trace(self, **header: Any) -> Trace:
        head = Header(scenario="a claim", digest="0", seed=1, lab="hand", engine="user", **header)
        return Trace(head, tuple(self.events))

    def index(self, of: Scenario) -> EventIndex:
        return EventIndex(of, self.events)


def judged(plain: Plain, story: Story, of: Scenario | None = None, **binding: str) -> Any:
    """The finding on one plain check."""
    where = of or scenario()
    return judge_plain(plain, Finder(story.index(where)), binding)


def outcome(plain: Plain, story: Story, of: Scenario | None = None, **binding: str) -> Outcome:
    return judged(plain, story, of, **binding).outcome


def check(name: str, *parts: Plain, **words: Any) -> Check:
    return Check(name, PLACE, name, parts, **words)


def verdict(verdicts: Iterable[CheckVerdict], name: str) -> CheckVerdict:
    (found,) = [each for each in verdicts if each.name == name]
    return found
