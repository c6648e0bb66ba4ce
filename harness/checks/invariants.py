"""The rules that every run is held to, whatever its scenario checks.

Owns the list of rules and their sentences: the run came to its end, the rig stands behind it,
every program is accounted for, something was sent, link rules were met, steps happened, programs
ended well. The account of single datagrams is in ``conservation``, that of faults in ``force``.
Rules read the trace alone and know no check but by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from harness.checks.bindings import singles_of
from harness.checks.blindness import unseen_hosts
from harness.checks.conservation import datagram_faults
from harness.checks.force import force_faults
from harness.checks.verdict import CheckVerdict, Outcome
from harness.errors import Place
from harness.scenario.membership import entry_of, members
from harness.scenario.model import Check, Either, Kind, Pattern, Scenario, Single
from harness.scenario.model import Sequence as PatternSequence
from harness.trace.events import Closed, Ended, Exited, Note, Output, Sent, Started, Trace
from harness.units import Range, format_duration

BROKEN_OFF = "the run was broken off"
CAME_TO_ITS_END = "the run came to its end"
RIG_STANDS_BEHIND_IT = "the rig stands behind the run"
PROGRAMS_START = "programs start and get ready"
PROGRAMS_ACCOUNTED = "every program is accounted for"
PACKETS_CONSERVED = "packets are conserved"
IN_FORCE = "impairments were in force"
SOMETHING_SENT = "something was sent"
LINKS_MET = "every link rule was met"
STEPS_HAPPENED = "every step happened"
PROGRAMS_END_WELL = "programs end well"

RULES = (
    CAME_TO_ITS_END,
    RIG_STANDS_BEHIND_IT,
    PROGRAMS_START,
    PROGRAMS_ACCOUNTED,
    PACKETS_CONSERVED,
    IN_FORCE,
    SOMETHING_SENT,
    LINKS_MET,
    STEPS_HAPPENED,
    PROGRAMS_END_WELL,
)

_NOTE_RULES = {
    "rig": (RIG_STANDS_BEHIND_IT, Outcome.ERROR),
    "program": (PROGRAMS_START, Outcome.ERROR),
    "inconclusive": (RIG_STANDS_BEHIND_IT, Outcome.INCONCLUSIVE),
}


def judge_rules(scenario: Scenario, trace: Trace, index: object = None) -> tuple[CheckVerdict, ...]:
    """Hold a run to every rule: one verdict for each breach, and one for each rule that is kept.

    A run that was broken off is not held to what it had no time for: its steps, link rules and
    datagrams prove nothing about the programs.
    """
    del index  # rules need no matching; the parameter is the judge's common form
    breaches = list(_end_faults(scenario, trace))
    breaches += _note_faults(scenario, trace)
    breaches += _cut_lines(scenario, trace)
    if trace_end(trace) is not None:
        breaches += _program_accounts(scenario, trace)
        breaches += _errors(PACKETS_CONSERVED, scenario, datagram_faults(trace))
    if not broken_off(trace):
        breaches += _errors(IN_FORCE, scenario, force_faults(scenario, trace))
        breaches += _silence(scenario, trace)
        breaches += _unmet_links(scenario, trace)
        breaches += _missed_steps(scenario, trace)
        breaches += _late_programs(scenario, trace)
    breaches += _bad_exits(scenario, trace)
    broken = {breach.name for breach in breaches}
    kept = [_verdict(rule, Outcome.PASSED, "", scenario.place) for rule in RULES]
    return (*breaches, *(verdict for verdict in kept if verdict.name not in broken))


def broken_off(trace: Trace) -> str:
    """Why a run cannot be judged at all, empty where it can: a rig's or a program's fault at the
    start, an interruption, or a trace that ends before the run does."""
    end = trace_end(trace)
    if end is None or trace.torn or _closed(trace) is None:
        return "the trace ends early"
    if end.why == "interrupted":
        return "interrupted"
    for event in trace.events:
        if isinstance(event, Note) and event.fault in ("rig", "program"):
            return event.text
    return BROKEN_OFF if end.why == "error" else ""


def unjudged_checks(scenario: Scenario, reason: str) -> tuple[CheckVerdict, ...]:
    """The checks of a run that was broken off: nothing in it can prove or refute them."""
    text = f"not judged: {reason}"
    return tuple(
        CheckVerdict(check.name, Outcome.ERROR, text, check.place, check.text)
        for check in scenario.checks
    )


def trace_end(trace: Trace) -> Ended | None:
    """E, or None where the trace has none."""
    return next((event for event in reversed(trace.events) if isinstance(event, Ended)), None)


def _closed(trace: Trace) -> Closed | None:
    return next((event for event in reversed(trace.events) if isinstance(event, Closed)), None)


def _verdict(
    name: str, outcome: Outcome, reason: str, place: Place, *, n: int = 0, at_ns: int | None = None
) -> CheckVerdict:
    evidence = (n,) if n else ()
    return CheckVerdict(name, outcome, reason, place, evidence=evidence, deciding=n, at_ns=at_ns)


def _errors(rule: str, scenario: Scenario, faults: Iterable[tuple[int, str]]) -> list[CheckVerdict]:
    return [_verdict(rule, Outcome.ERROR, text, scenario.place, n=n) for n, text in faults]


def _end_faults(scenario: Scenario, trace: Trace) -> Iterator[CheckVerdict]:
    end, closed = trace_end(trace), _closed(trace)
    if end is None or closed is None or trace.torn:
        missing = trace.torn or f"no {'end' if end is None else 'closing line'} in it"
        reason = f"the trace ends early: {missing}"
        yield _verdict(CAME_TO_ITS_END, Outcome.ERROR, reason, scenario.place)
    if end is None or end.why == "until":
        return
    outcome = Outcome.FAILED if end.why == "deadline" else Outcome.ERROR
    reason = {
        "deadline": "it did not end: `until` had not come by the deadline of "
        f"{format_duration(scenario.deadline_ns)}",
        "interrupted": "interrupted",
        "error": BROKEN_OFF,
    }[end.why]
    yield _verdict(CAME_TO_ITS_END, outcome, reason, scenario.place, n=end.n, at_ns=end.t)


def _note_faults(scenario: Scenario, trace: Trace) -> Iterator[CheckVerdict]:
    for event in trace.events:
        if isinstance(event, Note) and event.fault:
            rule, outcome = _NOTE_RULES[event.fault]
            place = _host_place(scenario, event.host)
            text = f"{event.host}: {event.text}" if event.host else event.text
            yield _verdict(rule, outcome, text, place, n=event.n, at_ns=event.t)


def _host_place(scenario: Scenario, name: str) -> Place:
    host = entry_of(name, scenario.hosts)
    return scenario.place if host is None else host.place


def _cut_lines(scenario: Scenario, trace: Trace) -> Iterator[CheckVerdict]:
    """What was left out of a line can be neither found nor ruled out in it."""
    last = _last_judged(trace)
    for event in trace.events:
        if not isinstance(event, Output) or not event.cut or event.n > last:
            continue
        reader = next((c for c in scenario.checks if _reads(c, event, scenario)), None)
        if reader is not None:
            reason = (
                f"{event.host} wrote a line too long to keep, {event.cut} bytes of it were left "
                f"out, and the check `{reader.name}` looks at its output"
            )
            yield _verdict(
                RIG_STANDS_BEHIND_IT, Outcome.INCONCLUSIVE, reason, reader.place, n=event.n
            )
            return


def _reads(check: Check, event: Output, scenario: Scenario) -> bool:
    """Whether a check asks what lines say on the stream of this one."""
    return any(
        single.kind is Kind.OUTPUT
        and single.says is not None
        and single.stream in (None, event.stream)
        and single.host is not None
        and event.host in members(single.host, scenario.hosts)
        for part in check.parts
        for single in singles_of(part)
    )


def _last_judged(trace: Trace) -> int:
    """The number of the last event that is judged."""
    end = trace_end(trace)
    return end.n if end is not None else trace.events[-1].n if trace.events else 0


def _program_accounts(scenario: Scenario, trace: Trace) -> Iterator[CheckVerdict]:
    if _closed(trace) is None:
        return
    started = Counter((e.host, e.life) for e in trace.events if isinstance(e, Started))
    exited = Counter((e.host, e.life) for e in trace.events if isinstance(e, Exited))
    for host, life in sorted(started.keys() | exited.keys()):
        starts, ends = started[host, life], exited[host, life]
        if (starts, ends) != (1, 1):
            reason = f"{host}, life {life}: started {_times(starts)}, ended {_times(ends)}"
            yield _verdict(PROGRAMS_ACCOUNTED, Outcome.ERROR, reason, _host_place(scenario, host))
    if broken_off(trace):
        return
    for name in _awaited(scenario):
        if not started[name, 1]:
            reason = f"{name} has a program, and it was never started"
            yield _verdict(PROGRAMS_ACCOUNTED, Outcome.ERROR, reason, _host_place(scenario, name))


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")


def _awaited(scenario: Scenario) -> Iterator[str]:
    """The hosts whose programs start without waiting for an instant."""
    for host in scenario.hosts.values():
        if not host.silent and host.starts is None:
            yield from host.members


def _silence(scenario: Scenario, trace: Trace) -> Iterator[CheckVerdict]:
    if not any(isinstance(event, Sent) for event in trace.events):
        hidden = sorted(unseen_hosts(trace))
        if hidden:
            reason = f"what was sent to {hidden[0]} was refused by the kernel, unseen"
            yield _verdict(SOMETHING_SENT, Outcome.SKIPPED, reason, scenario.place)
            return
        reason = "nothing was sent: no datagram left any host"
        yield _verdict(SOMETHING_SENT, Outcome.FAILED, reason, scenario.place)


def _unmet_links(scenario: Scenario, trace: Trace) -> Iterator[CheckVerdict]:
    closed = _closed(trace)
    met = closed.rules if closed else {}
    for position, rule in enumerate(scenario.links):
        if not met.get(str(position)):
            reason = f"{rule.place}: no datagram met the link rule `{rule.text}`"
            outcome = Outcome.FAILED
            if hidden := unseen_hosts(trace):
                reason += f"; what was sent to {min(hidden)} was refused by the kernel, unseen"
                outcome = Outcome.SKIPPED
            yield _verdict(LINKS_MET, outcome, reason, rule.place)


def _late_programs(scenario: Scenario, trace: Trace) -> Iterator[CheckVerdict]:
    """Hosts with ``starts`` whose instant never came."""
    started = {event.host for event in trace.events if isinstance(event, Started)}
    for host in scenario.hosts.values():
        for member in host.members:
            if host.starts is not None and member not in started:
                reason = f"{host.place}: {member} never started: the instant of `starts` never came"
                yield _verdict(STEPS_HAPPENED, Outcome.FAILED, reason, host.place)


def _missed_steps(scenario: Scenario, trace: Trace) -> Iterator[CheckVerdict]:
    closed = _closed(trace)
    missed = set(closed.steps_missed) if closed else set()
    for step in scenario.timeline:
        if step.index in missed:
            reason = f"{step.place}: the step `{step.text}` never happened"
            yield _verdict(STEPS_HAPPENED, Outcome.FAILED, reason, step.place)


def _bad_exits(scenario: Scenario, trace: Trace) -> Iterator[CheckVerdict]:
    last = _last_judged(trace)
    named = list(_named_exits(scenario))
    said = _last_words(trace)
    for event in trace.events:
        if not isinstance(event, Exited) or event.by or event.code == 0 or event.n > last:
            continue
        if not any(host == event.host and event.code in codes for host, codes in named):
            reason = (
                f"{event.host} ended by itself with code {event.code} and no check names its exit"
                f"{said.get(event.host, '')}"
            )
            place = _host_place(scenario, event.host)
            yield _verdict(
                PROGRAMS_END_WELL, Outcome.FAILED, reason, place, n=event.n, at_ns=event.t
            )


def _last_words(trace: Trace) -> dict[str, str]:
    """The last line each host wrote to its standard error, as an ending of a sentence."""
    return {
        event.host: f"; its last error line: {event.line}"
        for event in trace.events
        if isinstance(event, Output) and event.stream == "stderr" and event.line
    }


def _named_exits(scenario: Scenario) -> Iterator[tuple[str, Range]]:
    """Every single host whose exit some check names, with the codes of which it speaks."""
    for check in scenario.checks:
        for pattern in _claims_about(check):
            if pattern.kind in (Kind.EXIT, Kind.ENDED) and pattern.host is not None:
                codes = pattern.code if isinstance(pattern.code, Range) else Range(None, None)
                yield from ((host, codes) for host in members(pattern.host, scenario.hosts))


def _claims_about(check: Check) -> Iterator[Single]:
    """The patterns in which a check speaks of an event.

    A contract's own ``unless`` is not counted: `heartbeat` only looks away when a host ends, and
    a crash of the server must not pass because of it.
    """
    for part in check.parts:
        patterns = [part.pattern, getattr(part.anchor and part.anchor.instant, "pattern", None)]
        if not check.contract:
            patterns.append(part.unless)
        if part.measure is not None:
            patterns += [part.measure.pattern, part.measure.per, part.measure.to]
        for pattern in patterns:
            if pattern is not None:
                yield from _singles(pattern)


def _singles(pattern: Pattern) -> Iterator[Single]:
    if isinstance(pattern, Either | PatternSequence):
        for part in pattern.patterns:
            yield from _singles(part)
    else:
        yield pattern
