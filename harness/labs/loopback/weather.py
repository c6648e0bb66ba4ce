"""The link rules and the steps in force, put together for each datagram.

Turns the scenario's rules, overridden by the ``links`` and ``cut`` steps under way, into the link
engine's conditions, and counts which rules anything met. Which fate follows is the engine's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from harness.labs.loopback.faces import Endpoint
from harness.link.fabric import Deciding
from harness.link.fate import (
    Conditions,
    Fates,
    GilbertElliottLoss,
    LossModel,
    PacketLoss,
)
from harness.scenario.model import (
    LINK_FIELDS,
    Cut,
    GilbertElliott,
    Host,
    LinkChange,
    LinkFields,
    LinkRule,
    Loss,
    PacketList,
    Scenario,
    Step,
)
from harness.scenario.specificity import effective, matches

ETHERNET_BYTES = 14
UDP_BYTES = 8
IP_BYTES = {"ipv4": 20, "ipv6": 40}

ERRAND = "icmp "
"""Before the source in the name of a direction that carries ICMP errors."""

StepKey = tuple[int, int]
"""A step under way: its index in the timeline, and its repetition."""


def loss_model(loss: Loss | None) -> LossModel:
    """The engine's form of a ``loss`` field."""
    match loss:
        case None:
            return Fraction(0)
        case PacketList(positions):
            spans = [
                (int(one.low or 1), None if one.high is None else int(one.high))
                for one in positions
            ]
            return PacketLoss(spans)
        case GilbertElliott(enter, leave, bad, good):
            return GilbertElliottLoss(enter, leave, bad, good)
        case _:
            return loss


def conditions(fields: LinkFields, *, cut: bool) -> Conditions:
    """The engine's conditions; what no rule names is off."""
    off = Fraction(0)
    return Conditions(
        delay_ns=fields.delay_ns or 0,
        jitter_ns=fields.jitter_ns or 0,
        loss=loss_model(fields.loss),
        duplicate=fields.duplicate or off,
        reorder=fields.reorder or off,
        gap=fields.gap or 0,
        corrupt=fields.corrupt or off,
        flip=fields.flip or off,
        rate_bps=fields.rate_bps or 0,
        limit=fields.limit,
        cut=cut,
    )


def overridden(fields: LinkFields, above: LinkFields) -> LinkFields:
    """The fields with those of ``above`` in their place wherever it names one."""
    values = {}
    for name in LINK_FIELDS:
        value = getattr(above, name)
        values[name] = getattr(fields, name) if value is None else value
    return LinkFields(**values)


def named_ports(rules: Sequence[LinkRule]) -> frozenset[int]:
    """The ports that tell datagrams apart in any of the rules."""
    ends = [end for rule in rules for end in (rule.flow.source, rule.flow.target)]
    return frozenset(end.port for end in ends if end.port is not None)


@dataclass(slots=True)
class Weather:
    """What each datagram meets. ``met`` counts for each rule of the file."""

    scenario: Scenario
    fabric: Deciding
    met: dict[int, int] = field(init=False)
    _changes: dict[StepKey, LinkChange] = field(default_factory=dict)
    _cuts: dict[StepKey, Cut] = field(default_factory=dict)
    _ports: frozenset[int] = field(init=False)
    _header_bytes: int = field(init=False)
    _known: dict[tuple[str, str, int, int], tuple[Conditions, tuple[int, ...]]] = field(
        default_factory=dict
    )
    _latest: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.met = dict.fromkeys(range(len(self.scenario.links)), 0)
        self._header_bytes = ETHERNET_BYTES + IP_BYTES[self.scenario.family] + UDP_BYTES
        changes = [step.action for step in self.scenario.timeline]
        stepwise = [rule for one in changes if isinstance(one, LinkChange) for rule in one.rules]
        cuts = [flow for one in changes if isinstance(one, Cut) for flow in one.flows]
        ends = [end for flow in cuts for end in (flow.source, flow.target)]
        self._ports = (
            named_ports(self.scenario.links)
            | named_ports(stepwise)
            | {end.port for end in ends if end.port is not None}
        )

    @property
    def _hosts(self) -> Mapping[str, Host]:
        return self.scenario.hosts

    def begin(self, step: Step, index: int) -> None:
        """From now on a ``links`` or ``cut`` step is in force."""
        if isinstance(step.action, LinkChange):
            self._changes[step.index, index] = step.action
        elif isinstance(step.action, Cut):
            self._cuts[step.index, index] = step.action
        self._known.clear()

    def undo(self, step: Step, index: int) -> None:
        """It is no more."""
        self._changes.pop((step.index, index), None)
        self._cuts.pop((step.index, index), None)
        self._known.clear()

    def is_cut(self, source: str, target: str, sport: int, dport: int) -> bool:
        """Whether a ``cut`` step takes everything on this way now."""
        return any(
            matches(flow, source, target, sport, dport, self._hosts)
            for cut in self._cuts.values()
            for flow in cut.flows
        )

    def fates(self, source: Endpoint, target: Endpoint, payload_bytes: int, now_ns: int) -> Fates:
        """The fates of a datagram sent now; see :class:`harness.labs.loopback.relay.Link`."""
        sport, dport = self._told_apart(source.port), self._told_apart(target.port)
        found, rules = self._in_force(source.host, target.host, sport, dport)
        for rule in rules:
            self.met[rule] += 1
        # Kernel stamps of two sockets may be read out of order; a direction's time may not.
        pair = source.host, target.host
        now_ns = self._latest[pair] = max(now_ns, self._latest.get(pair, now_ns))
        return self.fabric.decide(
            source.host,
            target.host,
            payload_bytes=payload_bytes,
            wire_bytes=payload_bytes + self._header_bytes,
            now_ns=now_ns,
            conditions=found,
            port=dport or sport or None,
        )

    def errand(self, source: Endpoint, target: Endpoint, payload_bytes: int, now_ns: int) -> Fates:
        """The same for an ICMP error: the way's conditions, but positions and draws of its own."""
        sport, dport = self._told_apart(source.port), self._told_apart(target.port)
        found, _ = self._in_force(source.host, target.host, sport, dport)
        if isinstance(found.loss, PacketLoss):  # positions count datagrams
            found = replace(found, loss=Fraction(0))
        return self.fabric.decide(
            f"{ERRAND}{source.host}",
            target.host,
            payload_bytes=0,
            wire_bytes=payload_bytes + self._header_bytes,
            now_ns=now_ns,
            conditions=found,
        )

    def _told_apart(self, port: int) -> int:
        return port if port in self._ports else 0

    def _in_force(
        self, source: str, target: str, sport: int, dport: int
    ) -> tuple[Conditions, tuple[int, ...]]:
        key = source, target, sport, dport
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._combined(*key)
        return found

    def _combined(
        self, source: str, target: str, sport: int, dport: int
    ) -> tuple[Conditions, tuple[int, ...]]:
        way = source, target, sport, dport, self._hosts
        fields, rules = effective(self.scenario.links, *way)
        for change in self._changes.values():
            fields = overridden(fields, effective(change.rules, *way)[0])
        return conditions(fields, cut=self.is_cut(source, target, sport, dport)), rules
