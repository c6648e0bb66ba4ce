"""Who starts when: the order that the names in ``run`` and ``env`` ask for.

A host is awaited when another's ``run`` or ``env`` names it; it starts after those that it names
itself. When every awaited host is ready it is zero; then all others start, those in a circle of
names and whatever waits for one of them too. Nothing is started here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.scenario.membership import entry_of, programs
from harness.scenario.model import Host, Scenario
from harness.scenario.names import SELF, Name, names_of

Awaited = tuple[tuple[str, int | None], ...]


def names_in(host: Host) -> tuple[Name, ...]:
    """Every name in the host's command and environment, in order of writing.

    Raises MalformedNameError, which a scenario that was checked cannot do.
    """
    return names_of((*host.run, *host.env.values()))


def awaits(scenario: Scenario) -> dict[str, Awaited]:
    """For each single host that runs a program: the others it names, each with the port named.

    Silent hosts are waited for by nobody, so they are not there.
    """
    return {
        member: _named(host, member, scenario.hosts)
        for host in scenario.hosts.values()
        if not host.silent
        for member in host.members
    }


def served_ports(scenario: Scenario) -> dict[str, tuple[int, ...]]:
    """For each single host the ports that others name: those that it is ready with, sorted."""
    ports: dict[str, set[int]] = {member: set() for member in scenario.single_hosts}
    for awaited in awaits(scenario).values():
        for member, port in awaited:
            if port is not None:
                ports[member].add(port)
    return {member: tuple(sorted(found)) for member, found in ports.items()}


def start_order(scenario: Scenario) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The awaited hosts in their order of starting, then those that start at zero.

    Silent hosts and those with ``starts`` are in neither. Both keep the order of the file where
    names leave it open.
    """
    hosts = scenario.hosts
    needs = {
        member: {other for other, _ in awaited if _prompt(other, hosts)}
        for member, awaited in awaits(scenario).items()
        if _prompt(member, hosts)
    }
    awaited = {member for need in needs.values() for member in need}
    ordered: list[str] = []
    waiting = [member for member in needs if member in awaited]
    while waiting:
        free = [member for member in waiting if needs[member] <= set(ordered)]
        if not free:
            break
        ordered += free
        waiting = [member for member in waiting if member not in free]
    return tuple(ordered), tuple(member for member in needs if member not in ordered)


def _named(host: Host, member: str, hosts: Mapping[str, Host]) -> Awaited:
    found: dict[tuple[str, int | None], None] = {}
    for name in names_in(host):
        if name.base not in (SELF, member):
            for other in _targets(name, hosts):
                if other != member:
                    found[other, name.port] = None
    return tuple(found)


def _targets(name: Name, hosts: Mapping[str, Host]) -> Iterable[str]:
    host = entry_of(name.base, hosts)
    if host is None:
        return ()
    names = host.members if name.base == host.name else (name.base,)
    return programs(names, hosts)


def _prompt(member: str, hosts: Mapping[str, Host]) -> bool:
    host = entry_of(member, hosts)
    return host is not None and not host.silent and host.starts is None

