"""What ``$(server:9999)`` and the like mean to the program that reads them.

The program's own ports are where it binds; everybody else's are the relay's faces, so that no
datagram goes past it.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.labs.loopback.faces import Endpoint, FaceBook, Place
from harness.scenario.model import Host, Scenario
from harness.scenario.names import Name, substitute


def member_host(scenario: Scenario, member: str) -> Host:
    """The entry of ``hosts`` to which a single host belongs."""
    found = scenario.hosts.get(member)
    if found is not None and found.count is None:
        return found
    return scenario.hosts[member.rpartition("-")[0]]


def member_index(scenario: Scenario, member: str) -> int:
    """A member's number from 1; 0 for a host that is no group."""
    host = member_host(scenario, member)
    return 0 if host.count is None else int(member.rpartition("-")[2])


def host_of(name: Name, viewer: str) -> str:
    """The single host that a name speaks of, as ``viewer`` reads it."""
    return viewer if name.base == "self" else name.base


@dataclass(frozen=True, slots=True)
class Naming:
    """Puts names into commands, environments and payloads."""

    scenario: Scenario
    book: FaceBook

    def text(self, text: str, viewer: str) -> str:
        """The text as ``viewer`` reads it; a name that stands for no host is left as it is."""
        return substitute(text, lambda name: self.value(name, viewer))

    def value(self, name: Name, viewer: str) -> str | None:
        """What one name stands for, None when it is none of ours."""
        host = host_of(name, viewer)
        if host not in self.book.hosts:
            return None
        if name.port is None:
            return self._of_host(name.field, host, viewer)
        address, number = self.place(host, name.port, viewer)
        if name.field == "host":
            return address
        if name.field == "port":
            return str(number)
        return f"[{address}]:{number}" if ":" in address else f"{address}:{number}"

    def place(self, host: str, port: int, viewer: str) -> Place:
        """Where ``viewer`` reaches the scenario's port of a host."""
        end = self.book.served(host, port) or Endpoint(host, port, None)
        if host == viewer and end.real is not None:
            return end.real
        return self.book.face(end, viewer).address

    def _of_host(self, field: str, host: str, viewer: str) -> str | None:
        if field == "name":
            return host
        if field == "index":
            return str(member_index(self.scenario, host))
        if field in ("", "host"):
            return self.book.platform.loopback if host == viewer else self.book.hosts[host]
        return None
