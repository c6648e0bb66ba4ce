"""Small traces written by hand: a story numbers its events, times are milliseconds."""

from __future__ import annotations

from collections import Counter
from typing import TypeVar

from harness.errors import Place
from harness.scenario.model import AtTime, Check, End, Flow, Host, HostRef, Scenario
from harness.trace.events import (
    AnyEvent,
    Closed,
    Delivered,
    Dropped,
    Duplicated,
    Ended,
    Event,
    Exited,
    Header,
    Output,
    Sent,
    Started,
    Trace,
)

MS = 1_000_000
PLACE = Place("x.yaml", 1, 1)
HEADER = Header(scenario="x", digest="", seed=1, lab="loopback", engine="user")
E = TypeVar("E", bound=Event)


class Story:
    """A trace under construction; every method returns the event that it adds."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self._sent: Counter[tuple[str, str]] = Counter()

    def add(self, kind: type[E], ms: float, **fields: object) -> E:
        event = kind(n=len(self.events) + 1, t=round(ms * MS), **fields)  # type: ignore[arg-type]
        self.events.append(event)  # type: ignore[arg-type]
        return event

    def sends(
        self, ends: str, ms: float, payload: bytes = b"hello", lag: int = 0, dport: int = 9999
    ) -> Sent:
        source, target = ends.split(">")
        self._sent[source, target] += 1
        k = self._sent[source, target]
        return self.add(
            Sent, ms, source=source, target=target, k=k, payload=payload, lag=lag, dport=dport
        )

    def fate(self, kind: type[E], sent: Sent, ms: float, **fields: object) -> E:
        known = {"source": sent.source, "target": sent.target, "k": sent.k, "of": sent.n}
        return self.add(kind, ms, **{**known, "dport": sent.dport, **fields})

    def arrives(self, sent: Sent, ms: float, copy: int = 0, lag: int = 0) -> Delivered:
        return self.fate(Delivered, sent, ms, copy=copy, lag=lag)

    def drops(self, sent: Sent, ms: float, reason: str = "loss", copy: int = 0) -> Dropped:
        return self.fate(Dropped, sent, ms, reason=reason, copy=copy)

    def copies(self, sent: Sent, ms: float) -> Duplicated:
        return self.fate(Duplicated, sent, ms)

    def says(self, host: str, line: str, ms: float, stream: str = "stdout", lag: int = 0) -> Output:
        return self.add(Output, ms, host=host, line=line, stream=stream, lag=lag)

    def starts(self, *hosts: str, ms: float = -1, life: int = 1) -> None:
        for host in hosts:
            self.add(Started, ms, host=host, life=life)

    def exits(self, host: str, ms: float, code: int = 0, by: str = "", life: int = 1) -> Exited:
        return self.add(Exited, ms, host=host, code=code, by=by, life=life)

    def ends(self, ms: float, why: str = "until") -> Ended:
        return self.add(Ended, ms, why=why)

    def closes(self, ms: float, **fields: object) -> Closed:
        return self.add(Closed, ms, **fields)

    @property
    def trace(self) -> Trace:
        return Trace(HEADER, tuple(self.events))


def flow(text: str, *, both: bool = False) -> Flow:
    """``a>b``, ``a:1>b:2``; a group is named like a host."""
    source, target = (end(word) for word in text.split(">"))
    return Flow(source, target, both)


def end(word: str) -> End:
    name, _, port = word.partition(":")
    return End(HostRef(name), int(port) if port else None)


def scenario(*checks: Check, **fields: object) -> Scenario:
    """Hosts ``alice`` and ``server`` run programs, ``client`` is a group of three."""
    hosts = {
        "server": Host("server", Place("x.yaml", 2, 3), run=("server",)),
        "alice": Host("alice", Place("x.yaml", 3, 3), run=("alice",)),
        "client": Host("client", Place("x.yaml", 4, 3), count=3),
    }
    known: dict[str, object] = {
        "path": "x.yaml",
        "claim": "x",
        "variant": "",
        "digest": "",
        "text": "",
        "until": AtTime(10_000 * MS),
        "hosts": hosts,
        "checks": checks,
        "place": PLACE,
    }
    return Scenario(**{**known, **fields})  # type: ignore[arg-type]
