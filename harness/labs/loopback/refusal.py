"""What a scenario may ask for that loopback cannot do, each with its place and what would.

Judges the scenario and the machine before anything starts; starts nothing itself.
"""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator

from harness.errors import Place
from harness.labs.base import Refusal
from harness.labs.loopback.addresses import Platform
from harness.labs.loopback.port_plan import conflicts, flows, port_needs
from harness.labs.loopback.sockets import can_bind
from harness.scenario.model import Rebind, Scenario, Send
from harness.scenario.names import Name, parse_names
from harness.scenario.startup import names_in
from harness.scenario.visits import leaves, link_rules, patterns

OWN_STACK = "it needs a lab with its own network stack per host; this version has none"


def refusals(scenario: Scenario, platform: Platform) -> tuple[Refusal, ...]:
    """Everything that this lab cannot honour here, in the order of the questions below."""
    found = [
        *_missing_programs(scenario),
        *_family(scenario, platform),
        *_paths(scenario),
        *_addresses(scenario),
        *_bare_names(scenario),
        *_shared_address(scenario, platform),
        *_literal_ports(scenario),
    ]
    return tuple(dict.fromkeys(found))


def _refusal(place: Place, reason: str, remedy: str) -> Refusal:
    return Refusal(str(place), reason, remedy)


def _missing_programs(scenario: Scenario) -> Iterator[Refusal]:
    for name in scenario.needs:
        if shutil.which(name) is None:
            yield _refusal(
                scenario.place, f"the program {name} is not on the PATH", f"install {name}"
            )


def _family(scenario: Scenario, platform: Platform) -> Iterator[Refusal]:
    if scenario.family == "ipv6" and not can_bind(socket.AF_INET6, platform.loopback):
        yield _refusal(
            scenario.place,
            "family: ipv6, but this machine has no address ::1",
            "enable IPv6 on its loopback interface (sysctl net.ipv6.conf.lo.disable_ipv6=0)",
        )


def _paths(scenario: Scenario) -> Iterator[Refusal]:
    for rule in link_rules(scenario):
        if rule.fields.mtu_bytes is not None:
            reason = f"mtu on {rule.text}: loopback has one interface and no path to narrow"
            yield _refusal(rule.place, reason, OWN_STACK)
    for step in scenario.timeline:
        if isinstance(step.action, Send) and step.action.ttl is not None:
            reason = "ttl on a datagram: nothing on loopback routes and counts it down"
            yield _refusal(step.place, reason, OWN_STACK)


def _addresses(scenario: Scenario) -> Iterator[Refusal]:
    for flow, place in flows(scenario):
        for end in (flow.source, flow.target):
            if end.address:
                reason = f"{end} in {flow}: datagrams to a literal address go past the relay"
                yield _refusal(place, reason, OWN_STACK)


def is_bare_address(name: Name) -> bool:
    """Whether a name stands for a host's address without a port."""
    return name.port is None and name.field in ("", "host")


def _bare_names(scenario: Scenario) -> Iterator[Refusal]:
    """A program that knows an address alone would choose the port itself, which no face has."""
    for host in scenario.hosts.values():
        for name in names_in(host):
            if name.base == "self" or name.base in host.members or not is_bare_address(name):
                continue
            if name.base in scenario.single_hosts:
                reason = f"{name.text} gives {host.name} an address and no port of the relay's"
                remedy = f"name the port, as in $({name.base}:9999) or $({name.base}:9999.host)"
                yield _refusal(host.place, reason, remedy)


def _shared_address(scenario: Scenario, platform: Platform) -> Iterator[Refusal]:
    if platform.own_addresses:
        return
    for step in scenario.timeline:
        if isinstance(step.action, Rebind) and step.action.new == "address":
            reason = f"rebind to a new address: all hosts share {platform.loopback} here"
            yield _refusal(step.place, reason, f"rebind with new: port; or {OWN_STACK}")
    for pattern in patterns(scenario):
        for leaf in leaves(pattern):
            for name in _peers(scenario, leaf.says or ""):
                reason = f"{name.text} in says: all hosts share {platform.loopback} here"
                remedy = f"tell it by its port, $({name.base}:9999) or $({name.base}.port)"
                yield _refusal(leaf.place, reason, remedy)


def _peers(scenario: Scenario, says: str) -> Iterator[Name]:
    names = {*scenario.hosts, *scenario.single_hosts}
    for part in parse_names(says):
        if isinstance(part, Name) and part.base in names and is_bare_address(part):
            yield part


def _literal_ports(scenario: Scenario) -> Iterator[Refusal]:
    for holder, need in conflicts(port_needs(scenario)):
        reason = f"{holder.host} and {need.host} both need port {need.port} of this machine"
        remedy = f"give the program its port by $(self:{need.port}) in its run, or {OWN_STACK}"
        yield _refusal(need.place, reason, remedy)
