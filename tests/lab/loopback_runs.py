"""Runs of small programs in the loopback lab, from scenarios built by hand."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from harness.errors import Place
from harness.labs.base import Plan
from harness.labs.loopback.lab import LoopbackLab
from harness.link.fate import Fates
from harness.scenario.model import (
    AtPattern,
    AtTime,
    End,
    Flow,
    Host,
    HostRef,
    Instant,
    Kind,
    LinkFields,
    LinkRule,
    PayloadPart,
    Ready,
    Scenario,
    Send,
    Single,
    Step,
    Whose,
)
from harness.trace.events import AnyEvent, Delivered, Dropped, Note, Output, Sent
from harness.trace.log import Log

E = TypeVar("E")
HERE = Place("test.yaml", 1, 1)
MS = 1_000_000
S = 1_000_000_000

SERVER = """
import socket, sys
host, port = sys.argv[1].rsplit(":", 1)
v6 = host.startswith("[")
sock = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((host.strip("[]"), int(port)))
print("up", flush=True)
while True:
    data, peer = sock.recvfrom(65535)
    print("from", peer[0], peer[1], data.decode("latin-1"), flush=True)
    sock.sendto(b"re:" + data, peer)
"""

CLIENT = """
import socket, sys
host, port = sys.argv[1].rsplit(":", 1)
v6 = host.startswith("[")
sock = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
sock.connect((host.strip("[]"), int(port)))
sock.settimeout(float(sys.argv[3]) if len(sys.argv) > 3 else 5)
for number in range(int(sys.argv[2])):
    try:
        sock.send(b"%d" % number)
        print("answer", sock.recv(65535).decode("latin-1"), flush=True)
    except ConnectionRefusedError:
        print("refused", flush=True)
    except TimeoutError:
        print("timeout", flush=True)
"""


def end(word: str) -> End:
    """``alice``, ``any`` or ``server:9999``; a member as ``client-2``."""
    name, _, port = word.partition(":")
    number = int(port) if port else None
    if name == "any":
        return End(HostRef(whose=Whose.ALL), number)
    member = re.fullmatch(r"(client)-(\d+)", name)
    if member:
        return End(HostRef(member[1], int(member[2])), number)
    return End(HostRef(name), number)


def flow(text: str) -> Flow:
    source, arrow, target = text.split()
    return Flow(end(source), end(target), both=arrow == "<->")


def link(text: str, **fields: object) -> LinkRule:
    return LinkRule(flow(text), LinkFields(**fields), HERE, text)  # type: ignore[arg-type]


def pattern(kind: Kind, what: str, **more: object) -> Single:
    if "->" in what:
        return Single(kind, HERE, flows=(flow(what),), **more)  # type: ignore[arg-type]
    return Single(kind, HERE, host=end(what).host, **more)  # type: ignore[arg-type]


def send(text: str, *parts: PayloadPart, **more: object) -> Send:
    return Send(flow(text), parts, **more)  # type: ignore[arg-type]


def says(text: str) -> PayloadPart:
    return PayloadPart("text", text=text)


def after_exit(host: str, plus_ns: int = 0) -> AtPattern:
    return AtPattern(pattern(Kind.EXIT, host, plus_ns=plus_ns))


@dataclass
class Result:
    """What a run wrote."""

    events: list[AnyEvent]

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def lines(self, host: str) -> list[str]:
        return [event.line for event in self.of(Output) if event.host == host]

    def notes(self, fault: str) -> list[str]:
        return [event.text for event in self.of(Note) if event.fault == fault]

    def way(self, kind: type, source: str, target: str) -> list:
        found = self.of(kind)
        return [event for event in found if (event.source, event.target) == (source, target)]

    def conserved(self) -> bool:
        """Every datagram has one end for each copy."""
        ends = [event.of for event in self.of(Delivered) + self.of(Dropped)]
        return set(ends) == {event.n for event in self.of(Sent)}


@dataclass
class Stage:
    """A folder for programs, and the hosts and rules of a scenario."""

    folder: Path
    hosts: dict[str, Host] = field(default_factory=dict)

    def program(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        return name

    def host(self, name: str, *run: str, **more: object) -> Stage:
        more.setdefault("ready", Ready())
        more["cwd"] = str(self.folder)
        self.hosts[name] = Host(name, HERE, run=tuple(run), **more)  # type: ignore[arg-type]
        return self

    def echo(self, asks: int = 3, patience: float = 5, **more: object) -> Stage:
        """A server that echoes, and a client that asks it."""
        self.program("server.py", SERVER)
        self.program("client.py", CLIENT)
        self.host("server", "python", "server.py", "$(self:9999)")
        words = ("python", "client.py", "$(server:9999)", str(asks), str(patience))
        return self.host("alice", *words, **more)

    def scenario(self, until: Instant | None = None, **more: object) -> Scenario:
        return Scenario(
            path=str(self.folder / "test.yaml"),
            claim="test",
            variant="",
            digest="",
            text="",
            until=until or after_exit("alice"),
            hosts=self.hosts,
            checks=(),
            deadline_ns=20 * S,
            **more,  # type: ignore[arg-type]
        )

    def run(
        self,
        until: Instant | None = None,
        *,
        raw: bool | None = None,
        seed: int = 1,
        interrupted: Callable[[], bool] = lambda: False,
        edits: Mapping[str, str] | None = None,
        fates: Mapping[str, tuple[Fates, ...]] | None = None,
        listen: Sequence[Callable[[AnyEvent], None]] = (),
        **more: object,
    ) -> Result:
        events: list[AnyEvent] = []
        log = Log(events.append, *listen)
        with tempfile.TemporaryDirectory() as scratch:
            plan = Plan(self.scenario(until, **more), seed, scratch, edits or {}, fates)
            LoopbackLab(raw=raw).run(plan, log, interrupted)
        return Result(events)


def at(seconds: float) -> AtTime:
    return AtTime(int(seconds * S))


def step(index: int, action: object, when: Instant | None = None, **more: object) -> Step:
    return Step(index, HERE, f"step {index}", at=when, action=action, **more)  # type: ignore[arg-type]
