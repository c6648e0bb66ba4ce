"""The drawing of a ladder: a lane for each host, an arrow for each datagram.

Owns columns and signs only; what is shown and what is said beside it is the ladder's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.trace.events import (
    AnyEvent,
    Corrupted,
    DatagramEvent,
    Delivered,
    Dropped,
    Duplicated,
    Icmp,
    Sent,
)
from harness.trace.text import cells, excerpt, visible

MIN_LANE, MAX_LANE = 10, 16


def parties(event: AnyEvent) -> tuple[str, ...]:
    """The hosts that an event is about: both ends of a datagram, a program's host, or none."""
    if isinstance(event, DatagramEvent):
        return (event.source, event.target)
    host = getattr(event, "host", "")
    return (host,) if host else ()


@dataclass(frozen=True, slots=True)
class Lanes:
    """Hosts side by side, each in a lane ``width`` cells wide."""

    hosts: tuple[str, ...]
    width: int

    @classmethod
    def of(cls, hosts: Sequence[str], room: int) -> Lanes:
        """As many of the hosts, in their order, as have room."""
        chosen = tuple(hosts[: max(0, room // MIN_LANE)])
        each = room // len(chosen) if chosen else MIN_LANE
        return cls(chosen, max(MIN_LANE, min(MAX_LANE, each)))

    @property
    def head(self) -> str:
        """The hosts' names, each above its lane."""
        return "".join(self._centred(host) for host in self.hosts)

    def _centred(self, host: str) -> str:
        name = excerpt(visible(host), self.width - 2)
        left = self.width // 2 - cells(name) // 2
        return " " * left + name + " " * (self.width - left - cells(name))

    def tells(self, event: AnyEvent) -> bool:
        """Whether the drawing alone shows whom the event is about."""
        named = parties(event)
        apart = len(set(named)) == len(named)
        return bool(named) and apart and all(host in self.hosts for host in named)

    def drawn(self, event: AnyEvent) -> str:
        """The lanes at the moment of an event."""
        signs = [" "] * (self.width * len(self.hosts))
        for host in self.hosts:
            signs[self._column(host)] = "│"
        if isinstance(event, DatagramEvent) and self.tells(event):
            self._arrow(signs, event)
        else:
            for host in parties(event):
                if host in self.hosts:
                    signs[self._column(host)] = "●"
        return "".join(signs)

    def _column(self, host: str) -> int:
        return self.hosts.index(host) * self.width + self.width // 2

    def _arrow(self, signs: list[str], event: DatagramEvent) -> None:
        """What is sent leaves its lane and stops halfway; what arrives comes from there."""
        start, end = self._column(event.source), self._column(event.target)
        step = 1 if end > start else -1
        middle = (start + end) // 2
        arrives = isinstance(event, Delivered | Icmp)
        first, last = (middle, end) if arrives else (start + step, middle)
        for column in range(first, last, step):
            if signs[column] == " ":
                signs[column] = "┄" if isinstance(event, Icmp) else "─"
        signs[last - step] = _head_sign(event, rightward=step > 0)


def _head_sign(event: DatagramEvent, *, rightward: bool) -> str:
    match event:
        case Sent():
            return ">" if rightward else "<"
        case Delivered() | Icmp():
            return "▶" if rightward else "◀"
        case Dropped():
            return "✗"
        case Duplicated():
            return "²"
        case Corrupted():
            return "≠"
