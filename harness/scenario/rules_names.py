"""Refusals about ``$(…)``: names that nothing defines, and named groups that nothing binds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from harness.errors import Place
from harness.scenario.document import Problems
from harness.scenario.membership import entry_of, is_group
from harness.scenario.model import (
    AtPattern,
    Either,
    Host,
    Pattern,
    Plain,
    Scenario,
    Send,
    Sequence,
    Single,
    Step,
)
from harness.scenario.names import SELF, MalformedNameError, Name, names_of
from harness.scenario.rules_hosts import host_words
from harness.scenario.visits import leaves, pattern_refs, step_patterns

FIELDS: Final = ("port", "name", "index")
PORT_FIELDS: Final = ("host", "port")
_GROUP: Final = re.compile(r"(?<!\\)(?:\\\\)*\(\?P<([A-Za-z_]\w*)>")

Bound = frozenset[str]


def check_names(scenario: Scenario, problems: Problems) -> None:
    """Every name in commands, environments, payloads and patterns means something there."""
    for host in scenario.hosts.values():
        _check_host(host, scenario, problems)
    for step in scenario.timeline:
        _check_step(step, scenario, problems)
    for check in scenario.checks:
        for part in check.parts:
            _PartNames(scenario, problems).check(part)
    if isinstance(scenario.until, AtPattern):
        _PartNames(scenario, problems).pattern(scenario.until.pattern, frozenset())


def groups_in(says: str | None) -> frozenset[str]:
    """The named groups of a regular expression as written."""
    return frozenset(_GROUP.findall(says or ""))


def bound_by(pattern: Pattern) -> frozenset[str]:
    """Every named group that a match of the pattern may catch."""
    return frozenset().union(*(groups_in(leaf.says) for leaf in leaves(pattern)))


def _names(texts: tuple[str, ...], place: Place, problems: Problems) -> tuple[Name, ...]:
    try:
        return names_of(texts)
    except MalformedNameError as fault:
        problems.add(place, fault.message, fault.found, fault.accepted)
        return ()


def _check_host(host: Host, scenario: Scenario, problems: Problems) -> None:
    texts = (*host.run, *host.env.values(), host.ready.says)
    for name in _names(texts, host.place, problems):
        _check_command_name(name, host, scenario, problems)


def _check_command_name(
    name: Name, host: Host, scenario: Scenario, problems: Problems
) -> None:
    """In a command the name is put in at the start, for one host: no group, no port yet seen."""
    base = host.name if name.base == SELF else name.base
    if not _check_base(name, base, host.place, scenario, problems):
        return
    if name.other or (is_group(base, scenario.hosts) and name.base != SELF):
        message = f"{name.text} names a whole group where one host is meant"
        accepted = f"$(self…) or one member such as $({base}-1)"
        problems.add(host.place, message, name.text, accepted)
    elif name.field == "port" and name.port is None:
        message = f"no port of {base} has been seen when {host.name} starts"
        problems.add(host.place, message, name.text, f"$({name.base}:9999.port)")
    elif name.field == "index" and not _indexed(base, scenario):
        problems.add(host.place, f"{base} is no member of a group", name.text, "$(self.name)")


def _indexed(base: str, scenario: Scenario) -> bool:
    host = entry_of(base, scenario.hosts)
    return host is not None and host.count is not None


def _check_base(
    name: Name, base: str, place: Place, scenario: Scenario, problems: Problems
) -> bool:
    if entry_of(base, scenario.hosts) is None:
        words = (*host_words(scenario), SELF)
        shown = ", ".join((*scenario.hosts, SELF))
        accepted = f"one of {shown}, or a param"
        problems.add(place, f"{name.text} is a name that nothing defines", base, accepted, words)
        return False
    fields = FIELDS if name.port is None else PORT_FIELDS
    if name.field and name.field not in fields:
        accepted = f"one of {', '.join(f'.{field}' for field in fields)}"
        problems.add(place, f"{name.text} has no such field", name.field, accepted, fields)
        return False
    return True


def _check_step(step: Step, scenario: Scenario, problems: Problems) -> None:
    for pattern in step_patterns(step):
        _PartNames(scenario, problems).pattern(pattern, frozenset())
    if not isinstance(step.action, Send):
        return
    texts = tuple(part.text for part in step.action.payload if part.how in ("text", "file"))
    triggers = {ref.name for p in step_patterns(step) for ref in pattern_refs(p)}
    for name in _names(texts, step.place, problems):
        if name.base == SELF or not _check_base(name, name.base, step.place, scenario, problems):
            continue
        if is_group(name.base, scenario.hosts) and name.base not in triggers:
            message = f"nothing here says which {name.base} is meant"
            accepted = f"one member such as $({name.base}-1)"
            problems.add(step.place, message, name.text, accepted)


class _PartNames:
    """The names of one plain check, with the groups that are bound where each stands."""

    def __init__(self, scenario: Scenario, problems: Problems) -> None:
        self._scenario = scenario
        self._problems = problems

    def check(self, part: Plain) -> None:
        """The anchor binds for what follows; a sequence binds for its own later patterns."""
        bound: Bound = frozenset() if part.ids is None else frozenset({"id"})
        if part.anchor is not None and isinstance(part.anchor.instant, AtPattern):
            bound = self.pattern(part.anchor.instant.pattern, bound)
        for pattern in (part.pattern, part.unless):
            if pattern is not None:
                self.pattern(pattern, bound)
        for pattern in _during_patterns(part):
            self.pattern(pattern, frozenset())
        self._measure(part)

    def _measure(self, part: Plain) -> None:
        measure = part.measure
        if measure is None:
            return
        bound: Bound = frozenset()
        if measure.pattern is not None:
            bound = self.pattern(measure.pattern, bound)
        if measure.per is not None:
            self.pattern(measure.per, frozenset())
        if measure.to is not None:
            self.pattern(measure.to, bound)

    def pattern(self, pattern: Pattern, bound: Bound) -> Bound:
        """Check a pattern; return what is bound behind it."""
        if isinstance(pattern, Single):
            self._leaf(pattern, bound)
            return bound | groups_in(pattern.says)
        if isinstance(pattern, Either):
            found = [self.pattern(inner, bound) for inner in pattern.patterns]
            return bound.union(*found)
        return self._sequence(pattern, bound)

    def _sequence(self, sequence: Sequence, bound: Bound) -> Bound:
        for inner in sequence.patterns:
            bound = self.pattern(inner, bound)
        return bound

    def _leaf(self, leaf: Single, bound: Bound) -> None:
        self._check_groups(leaf)
        for name in _names((leaf.says or "",), leaf.place, self._problems):
            self._check_name(name, leaf, bound)

    def _check_groups(self, leaf: Single) -> None:
        for group in sorted(groups_in(leaf.says)):
            if group == SELF or entry_of(group, self._scenario.hosts) is not None:
                message = "a named group is called like a host, or 'self'"
                self._problems.add(leaf.place, message, group, "another name")

    def _check_name(self, name: Name, leaf: Single, bound: Bound) -> None:
        hosts = self._scenario.hosts
        if name.base in bound and not name.other and name.port is None and not name.field:
            return
        if name.base == SELF:
            self._check_self(name, leaf)
        elif entry_of(name.base, hosts) is None:
            words = (*sorted(bound), *host_words(self._scenario))
            groups = f"a group bound before: {', '.join(sorted(bound))}; " if bound else ""
            accepted = f"{groups}a host: {', '.join(hosts)}; or a param"
            message = f"{name.text} is a name that nothing earlier binds or defines"
            self._problems.add(leaf.place, message, name.base, accepted, words)
        else:
            self._check_host_name(name, leaf)

    def _check_self(self, name: Name, leaf: Single) -> None:
        if leaf.host is None:
            message = "in a datagram nobody is $(self)"
            self._problems.add(leaf.place, message, name.text, "the name of a host")

    def _check_host_name(self, name: Name, leaf: Single) -> None:
        known = _check_base(name, name.base, leaf.place, self._scenario, self._problems)
        if known and name.field == "index" and not _indexed(name.base, self._scenario):
            message = f"{name.base} is no member of a group"
            self._problems.add(leaf.place, message, name.text, f"$({name.base}.name)")
        if known and name.other and not is_group(name.base, self._scenario.hosts):
            self._problems.add(leaf.place, f"{name.base} is no group", name.text, "a group")


def _during_patterns(part: Plain) -> Iterator[Pattern]:
    if part.during is not None:
        for instant in (part.during.start, part.during.end):
            if isinstance(instant, AtPattern):
                yield instant.pattern
