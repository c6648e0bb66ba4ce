"""When a program counts as ready: what is awaited of it, and whether it has come.

Pure bookkeeping for one life of one program. It polls nothing and knows no time but its deadline.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field

from harness.errors import RigFault
from harness.labs.loopback.faces import Place
from harness.scenario.model import Host, Ready
from harness.scenario.names import Name, substitute
from harness.units import format_duration

KEPT_LINES = 5


@dataclass(slots=True)
class Readiness:
    """What one life of a program must still show.

    ``ports`` maps the scenario's ports that must be bound to where; ``says`` is what a line of
    output must hold. Nothing awaited means: ready as soon as it runs.
    """

    host: str
    within_ns: int
    ports: dict[int, Place] = field(default_factory=dict)
    says: re.Pattern[str] | None = None
    wording: str = ""
    started: bool = False
    said: bool = False
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))

    @property
    def complete(self) -> bool:
        """Whether all has come."""
        return self.started and not self.ports and (self.says is None or self.said)

    def hear(self, line: str) -> None:
        """A line of its output."""
        self.lines.append(line)
        if self.says is not None and self.says.search(line):
            self.said = True

    def see_bound(self, taken: Collection[Place]) -> None:
        """These places have a socket now."""
        self.ports = {port: place for port, place in self.ports.items() if place not in taken}

    @property
    def awaited(self) -> str:
        """What is still missing, in words."""
        if not self.started:
            return "its start"
        if self.ports:
            places = (f"port {port} (here {place[1]})" for port, place in self.ports.items())
            return "a socket bound to " + " and ".join(places)
        return f"a line of output that says {self.wording}"

    def late_text(self) -> str:
        """Why the run cannot go on once the deadline has passed."""
        limit = format_duration(self.within_ns)
        return f"{self.host} was not ready within {limit}: awaited {self.awaited}{self.last_words}"

    @property
    def last_words(self) -> str:
        """Its last lines of output, for a message."""
        if not self.lines:
            return "; it printed nothing"
        return "; its last lines: " + " | ".join(self.lines)


def readiness(
    member: str, host: Host, awaited_ports: dict[int, Place], literal: dict[str, str]
) -> Readiness:
    """What ``host`` asks of a member's readiness.

    ``awaited_ports`` are the places of the ports that count; ``literal`` the values of names in
    ``says``, by their text.
    """
    ready: Ready = host.ready
    found = Readiness(member, ready.within_ns)
    if ready.how in ("ports", "port"):
        found.ports = dict(awaited_ports)
    elif ready.how == "says":
        found.says, found.wording = _regex(ready.says, literal), ready.says
    return found


def _regex(says: str, literal: dict[str, str]) -> re.Pattern[str]:
    def value(name: Name) -> str | None:
        found = literal.get(name.text)
        return None if found is None else re.escape(found)

    try:
        return re.compile(substitute(says, value))
    except re.error as error:
        raise RigFault(f"ready says {says!r} is no regular expression: {error}") from error
