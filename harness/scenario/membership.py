"""Who is meant by a HOST word: groups to members, members to groups.

Knows the entries of ``hosts`` only; binding a group in a check is the judges' affair.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from harness.scenario.model import Host, HostRef, Whose

_MEMBER: Final = re.compile(r"(.+)-([1-9]\d{0,6})", re.ASCII)


def word(ref: HostRef) -> str:
    """The host, group or member that a HOST word names, without ``any`` or ``other``."""
    return ref.name if ref.member is None else f"{ref.name}-{ref.member}"


def group_of(name: str, hosts: Mapping[str, Host]) -> tuple[Host, int] | None:
    """The group and number of a member's name; None for what is no member."""
    match = _MEMBER.fullmatch(name)
    if match is None or name in hosts:
        return None
    host = hosts.get(match[1])
    number = int(match[2])
    if host is None or host.count is None or number > host.count:
        return None
    return host, number


def entry_of(name: str, hosts: Mapping[str, Host]) -> Host | None:
    """The entry of ``hosts`` that a host, group or member belongs to; None if undefined."""
    if name in hosts:
        return hosts[name]
    found = group_of(name, hosts)
    return None if found is None else found[0]


def is_group(name: str, hosts: Mapping[str, Host]) -> bool:
    """Whether a word names a whole group."""
    return name in hosts and hosts[name].count is not None


def members(ref: HostRef, hosts: Mapping[str, Host]) -> tuple[str, ...]:
    """The single hosts that a HOST word may mean, in file order; none if it is undefined.

    ``other client`` may be any member; ``other client-3`` is each but that one.
    """
    if ref.whose is Whose.ALL:
        return tuple(member for host in hosts.values() for member in host.members)
    name = word(ref)
    if name in hosts:
        return hosts[name].members
    found = group_of(name, hosts)
    if found is None:
        return ()
    if ref.whose is Whose.OTHER:
        return tuple(member for member in found[0].members if member != name)
    return (name,)


def programs(names: Iterable[str], hosts: Mapping[str, Host]) -> tuple[str, ...]:
    """Those of the single hosts that run a program."""
    found = ((name, entry_of(name, hosts)) for name in names)
    return tuple(name for name, host in found if host is not None and not host.silent)
