"""Refusals about single steps of the timeline: how often, how long, and what ``send`` may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.scenario.document import Problems
from harness.scenario.marks import undoable
from harness.scenario.membership import members, programs
from harness.scenario.model import (
    FLOW_KINDS,
    AtPattern,
    End,
    Flow,
    Host,
    LinkChange,
    Pattern,
    Rebind,
    Scenario,
    Send,
    Single,
    Step,
    Whose,
)
from harness.scenario.visits import last_leaves, leaves, step_patterns

MAX_TIMES: Final = 100_000
LAST: Final = -1  # how the AST writes `nth: last`
MAX_PAYLOAD_BYTES: Final = 65_507
"""What fits in an IPv4 datagram: 65,535 less 20 for IP and 8 for UDP (RFC 791, RFC 768)."""


def check_steps(scenario: Scenario, problems: Problems) -> None:
    """Everything that is wrong with a step by itself."""
    _check_last(scenario, problems)
    for step in scenario.timeline:
        _check_repeats(step, problems)
        _check_lasting(step, problems)
        if step.action is None and not step.mark:
            accepted = "an action, or a mark"
            problems.add(step.place, "this step does nothing", step.text, accepted)
        if isinstance(step.action, LinkChange) and not step.action.rules:
            problems.add(step.place, "links without a rule", step.text, "{FLOW: {…}}")
        if isinstance(step.action, Send):
            _SendRules(scenario.hosts, step, step.action, problems).check()


def _check_last(scenario: Scenario, problems: Problems) -> None:
    """``nth: last`` is known only when the run is over: nothing can happen then."""
    live = [pattern for step in scenario.timeline for pattern in step_patterns(step)]
    instants = (scenario.until, *(host.starts for host in scenario.hosts.values()))
    live += [instant.pattern for instant in instants if isinstance(instant, AtPattern)]
    for leaf in (leaf for pattern in live for leaf in leaves(pattern)):
        if leaf.nth == LAST:
            message = "the last match is known only after the run"
            problems.add(leaf.place, message, "nth: last", "a number, or last in a check")


def _check_repeats(step: Step, problems: Problems) -> None:
    place = step.place
    if step.each is not None and step.every_ns is not None:
        problems.add(place, "every beside each", "every", "every repeats an at step")
    elif step.every_ns is not None and step.times is None:
        problems.add(place, "every without times", "every", "every: 2s with times: 5")
    elif step.times is not None and step.every_ns is None and step.each is None:
        problems.add(place, "times without every or each", "times", "every: 2s with times: 5")
    if step.times is not None and not 1 <= step.times <= MAX_TIMES:
        problems.add(place, "no such number of times", str(step.times), f"1 .. {MAX_TIMES}")
    if step.every_ns is not None and step.every_ns <= 0:
        problems.add(place, "every takes no time", "every", "more than 0s")


def _check_lasting(step: Step, problems: Problems) -> None:
    key = "for" if step.lasts_ns is not None else "until" if step.until is not None else ""
    if not key:
        return
    if step.lasts_ns is not None and step.until is not None:
        problems.add(step.place, "for beside until", "until", "one of them")
    if isinstance(step.action, Send | Rebind):
        verb = "send" if isinstance(step.action, Send) else "rebind"
        problems.add(step.place, f"{verb} cannot be undone", key, f"{verb} without {key}")
    elif not undoable(step):
        problems.add(step.place, f"{key} without an action", key, "a mark alone has no end")
    elif step.lasts_ns is not None and step.lasts_ns <= 0:
        problems.add(step.place, "for lasts no time", "0s", "more than 0s")


class _SendRules:
    """What one ``send`` may do."""

    def __init__(
        self, hosts: Mapping[str, Host], step: Step, send: Send, problems: Problems
    ) -> None:
        self._hosts = hosts
        self._step = step
        self._send = send
        self._problems = problems

    def check(self) -> None:
        """The sender is silent, the target is somewhere, and what is copied can be seen."""
        self._check_ends(self._send.flow)
        copies = any(part.how == "copy" for part in self._send.payload)
        if copies:
            self._check_copy()
        elif self._send.of is not None:
            self._refuse("of is for copy, and nothing is copied", "of", "copy, or no of")
        if not self._send.payload:
            self._refuse("send without a payload", str(self._send.flow), "text, hex, file, copy…")
        self._check_size()

    def _refuse(self, message: str, found: str, accepted: str, words: tuple[str, ...] = ()) -> None:
        self._problems.add(self._step.place, message, found, accepted, words)

    def _check_ends(self, flow: Flow) -> None:
        if flow.both:
            self._refuse("send goes one way", str(flow), f"{flow.source} -> {flow.target}")
        silent = tuple(name for name, host in self._hosts.items() if host.silent)
        accepted = f"one of {', '.join(silent)}" if silent else "a host without run"
        if flow.source.address or flow.source.host.whose is Whose.ALL:
            self._refuse("send comes from a host", str(flow.source), accepted)
        elif running := programs(members(flow.source.host, self._hosts), self._hosts):
            message = f"{running[0]} runs a program, and send comes from a silent host"
            self._refuse(message, str(flow), accepted, silent)
        if not flow.target.address and flow.target.host.whose is Whose.ALL:
            self._refuse("send goes to a host", str(flow), "the name of a host or group")

    def _check_copy(self) -> None:
        seen = self._send.of or self._trigger()
        if seen is None:
            accepted = "of: PATTERN, or a step that a datagram triggers"
            self._refuse("nothing says which datagram copy takes", "copy", accepted)
            return
        for leaf in last_leaves(seen):
            if leaf.kind not in FLOW_KINDS:
                accepted = "a datagram: sent, delivered, dropped …"
                self._refuse(f"{leaf.kind} is no datagram to copy", leaf.kind, accepted)
            else:
                self._check_seen(leaf)

    def _trigger(self) -> Pattern | None:
        if self._step.each is not None:
            return self._step.each
        at = self._step.at
        return at.pattern if isinstance(at, AtPattern) else None

    def _check_seen(self, leaf: Single) -> None:
        senders = members(self._send.flow.source.host, self._hosts)
        for flow in leaf.flows:
            if senders and not self._is_end(flow.source, senders, flow.target):
                sender = self._send.flow.source.host
                message = f"{sender} does not see what copy takes"
                self._refuse(message, str(flow), f"a flow that begins or ends at {sender}")

    def _is_end(self, source: End, senders: tuple[str, ...], target: End) -> bool:
        ends = [
            name
            for end in (source, target)
            if not end.address and end.host.whose is not Whose.ALL
            for name in members(end.host, self._hosts)
        ]
        return any(sender in ends for sender in senders)

    def _check_size(self) -> None:
        size = sum(len(part.data) + part.size_bytes for part in self._send.payload)
        if size > MAX_PAYLOAD_BYTES:
            self._refuse("no datagram is so large", f"{size}B", f"at most {MAX_PAYLOAD_BYTES}B")
