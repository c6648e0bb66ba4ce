"""Which link rules concern a datagram, and which of them wins, field by field.

A port is more specific than none, a host or member more than its group, a group more than
``any``. A rule is more specific than another when it is so at one end and not less at the other.
Labs choose the fields in force by :func:`effective`; contradictions are refused in
:mod:`harness.scenario.rules_links`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from harness.scenario.membership import is_group, members, word
from harness.scenario.model import LINK_FIELDS, End, Flow, Host, LinkFields, LinkRule, Whose

Hosts = Mapping[str, Host]


class Breadth(IntEnum):
    """How much an end takes in, apart from its port."""

    ONE = 0  # a host, a member, a literal address
    GROUP = 1
    ALL = 2


def directed(flow: Flow) -> tuple[Flow, ...]:
    """``a <-> b`` as its two directions; a one-way flow as itself."""
    if not flow.both:
        return (flow,)
    return Flow(flow.source, flow.target), Flow(flow.target, flow.source)


def more_specific(a: Flow, b: Flow, hosts: Hosts | None = None) -> bool:
    """Whether ``a`` wins over ``b``: everything ``a`` takes in, ``b`` does too, and more.

    Both are directions of flows (see :func:`directed`). Irreflexive, asymmetric, transitive.
    """
    return covers(b, a, hosts) and not covers(a, b, hosts)


def covers(a: Flow, b: Flow, hosts: Hosts | None = None) -> bool:
    """Whether direction ``a`` is as broad as ``b`` or broader, at both ends."""
    known = hosts or {}
    return _end_covers(a.source, b.source, known) and _end_covers(a.target, b.target, known)


def overlaps(a: Flow, b: Flow, hosts: Hosts) -> bool:
    """Whether a datagram can exist that both directions take in."""
    return any(
        _meets(a, source, target) and _meets(b, source, target)
        for source in _common(a.source, b.source, hosts)
        for target in _common(a.target, b.target, hosts)
    )


def matches(flow: Flow, source: str, target: str, sport: int, dport: int, hosts: Hosts) -> bool:
    """Whether a datagram from ``source`` to ``target``, single hosts, is on this flow.

    ``target`` may be a literal address, as in a trace.
    """
    return any(
        _end_takes(way.source, source, sport, hosts)
        and _end_takes(way.target, target, dport, hosts)
        and _meets(way, source, target)
        for way in directed(flow)
    )


def effective(
    rules: Sequence[LinkRule], source: str, target: str, sport: int, dport: int, hosts: Hosts
) -> tuple[LinkFields, tuple[int, ...]]:
    """The link in force for a datagram between two single hosts, and the rules that it met.

    Each field comes from the most specific rule that names it; a field that none names is None.
    The rules met are positions in ``rules`` from 0, the overridden ones included. Ports are the
    scenario's own. Costs a pass over all rules: keep the answer for each (source, target, ports).
    """
    met: list[tuple[int, Flow, LinkFields]] = []
    for index, rule in enumerate(rules):
        for way in directed(rule.flow):
            if matches(way, source, target, sport, dport, hosts):
                met.append((index, way, rule.fields))
    chosen: dict[str, Any] = {field: _winner(field, met, hosts) for field in LINK_FIELDS}
    return LinkFields(**chosen), tuple(dict.fromkeys(index for index, _, _ in met))


def _winner(field: str, met: Sequence[tuple[int, Flow, LinkFields]], hosts: Hosts) -> Any:
    naming = [(way, getattr(fields, field)) for _, way, fields in met]
    naming = [(way, value) for way, value in naming if value is not None]
    for way, value in naming:
        if not any(more_specific(rival, way, hosts) for rival, _ in naming):
            return value
    return None


def _breadth(end: End, hosts: Hosts) -> Breadth:
    if end.address:
        return Breadth.ONE
    if end.host.whose is Whose.ALL:
        return Breadth.ALL
    name = word(end.host)
    grouped = is_group(name, hosts) or end.host.whose is not Whose.EACH
    return Breadth.GROUP if grouped else Breadth.ONE


def _end_covers(a: End, b: End, hosts: Hosts) -> bool:
    if a.port is not None and a.port != b.port:
        return False
    if a.address or b.address:
        return a.address == b.address or (not a.address and a.host.whose is Whose.ALL)
    broad, narrow = _breadth(a, hosts), _breadth(b, hosts)
    if broad is Breadth.ALL or narrow is Breadth.ALL:
        return broad is Breadth.ALL
    return _host_covers(a, b, hosts)


def _host_covers(a: End, b: End, hosts: Hosts) -> bool:
    if _breadth(a, hosts) < _breadth(b, hosts):
        return False
    if word(a.host) == word(b.host) and _excludes(a) == _excludes(b):
        return True
    if _breadth(a, hosts) is Breadth.ONE and hosts:
        return False
    if not hosts:
        return a.host.name == b.host.name and a.host.member is None
    found, narrow = set(members(a.host, hosts)), set(members(b.host, hosts))
    return bool(narrow) and narrow <= found


def _excludes(end: End) -> bool:
    return end.host.whose is Whose.OTHER and end.host.member is not None


def _end_takes(end: End, name: str, port: int, hosts: Hosts) -> bool:
    if end.port is not None and end.port != port:
        return False
    if end.address:
        return end.address == name
    return end.host.whose is Whose.ALL or name in members(end.host, hosts)


def _meets(flow: Flow, source: str, target: str) -> bool:
    """``peer -> other peer`` leaves out the way of a member to itself."""
    further = Whose.OTHER in (flow.source.host.whose, flow.target.host.whose)
    return not (further and source == target)


def _common(a: End, b: End, hosts: Hosts) -> tuple[str, ...]:
    if a.port is not None and b.port is not None and a.port != b.port:
        return ()
    if a.address or b.address:
        return _common_address(a, b)
    also = members(b.host, hosts)
    return tuple(name for name in members(a.host, hosts) if name in also)


def _common_address(a: End, b: End) -> tuple[str, ...]:
    named = a.address or b.address
    either_all = Whose.ALL in (a.host.whose, b.host.whose) and not (a.address and b.address)
    return (named,) if a.address == b.address or either_all else ()

