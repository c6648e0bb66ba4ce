"""One run judged: a trace and its scenario in, a verdict out, and nothing else is looked at.

Owns how parts and members come together in the verdict of a check. The judges of single checks
are ``plain`` and ``measures``, the rules that always hold are in ``invariants``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.checks.bindings import bindings, members_text
from harness.checks.blindness import blind_spot, unseen_hosts
from harness.checks.claims import is_share_check, run_outcome
from harness.checks.event_index import EventIndex
from harness.checks.findings import Finding
from harness.checks.host_words import Binding
from harness.checks.instants import moments
from harness.checks.invariants import BROKEN_OFF, broken_off, judge_rules, unjudged_checks
from harness.checks.matches import Finder
from harness.checks.measures import judge_measure
from harness.checks.plain import judge_plain
from harness.checks.verdict import CheckVerdict, Outcome, RunVerdict, worst
from harness.checks.windows import Window, around, during_windows
from harness.scenario.model import Check, Plain, Scenario
from harness.scenario.notation import show_plain
from harness.trace.events import Sent, Trace


def judge(scenario: Scenario, trace: Trace, *, wall_ns: int = 0, bundle: str = "") -> RunVerdict:
    """Judge a whole run. The same trace and scenario always give the same verdict."""
    index = EventIndex(scenario, trace.events)
    rules = judge_rules(scenario, trace, index)
    broken = broken_off(trace)
    if broken:  # such a run proves nothing, so it cannot fail either
        checks = unjudged_checks(scenario, broken)
        rules = tuple(rule for rule in rules if rule.outcome is not Outcome.FAILED)
        causes = [rule for rule in rules if rule.outcome is Outcome.ERROR]
        if len(causes) > 1:  # that it broke off says nothing beside why
            rules = tuple(rule for rule in rules if rule.reason != BROKEN_OFF)
    else:
        checks = judge_checks(scenario, trace, index)
    return RunVerdict(
        scenario=scenario.claim,
        path=scenario.path,
        variant=scenario.variant,
        seed=trace.header.seed,
        lab=trace.header.lab,
        outcome=run_outcome(scenario, checks, rules),
        checks=checks,
        rules=rules,
        header=trace.header,
        bundle=bundle,
        mutant=trace.header.mutant,
        wall_ns=wall_ns,
        span_ns=max(0, index.end_ns - index.start_ns),
        datagrams=sum(isinstance(event, Sent) for event in index.judged),
    )


def judge_checks(scenario: Scenario, trace: Trace, index: EventIndex) -> tuple[CheckVerdict, ...]:
    """The verdicts on the named checks, in the order of the file: one for each, but one for each
    member where a share is measured, because shares are pooled over runs member by member."""
    finder = Finder(index)
    unseen = unseen_hosts(trace)
    verdicts: list[CheckVerdict] = []
    for check in scenario.checks:
        found = [
            verdict
            for part in check.parts
            for verdict in _judge_part(check, part, finder, trace.header.blind, unseen)
        ]
        verdicts.extend(found if is_share_check(check) else [_the_worst(check, found)])
    return tuple(verdicts)


def _judge_part(
    check: Check, part: Plain, finder: Finder, blind: dict[str, str], unseen: frozenset[str]
) -> Iterator[CheckVerdict]:
    hidden = blind_spot(part, blind, unseen, finder.index.scenario)
    if hidden:
        reason = f"the lab cannot see what this rests on: {hidden}"
        yield CheckVerdict(check.name, Outcome.SKIPPED, reason, part.place, check.text)
        return
    for binding in bindings(part, finder.index.scenario):
        verdict = _judge_member(check, part, finder, binding)
        yield replace(
            verdict,
            name=check.name,
            text=check.text,
            member=members_text(binding),
            reason=_in_part(check, part, verdict.reason),
        )


def _in_part(check: Check, part: Plain, reason: str) -> str:
    """The reason, with the plain check that it is about where a contract has several."""
    return f"{show_plain(part)}: {reason}" if len(check.parts) > 1 else reason


def _judge_member(check: Check, part: Plain, finder: Finder, binding: Binding) -> CheckVerdict:
    if part.kind != "measure":
        return _as_verdict(part, judge_plain(part, finder, binding))
    windows = _measured_windows(part, finder, binding)
    if not windows:
        reason = "nothing to judge: the time to measure in never came"
        return CheckVerdict("", Outcome.FAILED, reason, part.place)
    verdicts = [_judge_measured(check, part, finder, binding, window) for window in windows]
    return max(verdicts, key=lambda verdict: _badness(verdict.outcome))


def _measured_windows(part: Plain, finder: Finder, binding: Binding) -> list[Window | None]:
    """Where a measure looks: around each anchor, in ``during``, or (None) at the whole run."""
    if part.anchor is not None:
        came = moments(part.anchor.instant, finder, binding)
        came = came[:1] if part.anchor.word == "after" else came
        inside = [at for at in came if at.t <= finder.index.end_ns]
        return [around(at, part.within, finder.index) for at in inside]
    if part.during is not None:
        return list(during_windows(part.during, finder, binding))
    return [None]


def _judge_measured(
    check: Check, part: Plain, finder: Finder, binding: Binding, window: Window | None
) -> CheckVerdict:
    index = finder.index
    if window is not None and not window.closed:
        reason = "the run ended inside the window to measure in: prolong `until`"
        return CheckVerdict("", Outcome.INCONCLUSIVE, reason, part.place, window_ns=window.span)
    return judge_measure(
        part,
        index.scenario,
        index,
        binding,
        window.span if window else None,
        confidence=check.confidence,
        finder=finder,
    )


def _as_verdict(part: Plain, finding: Finding) -> CheckVerdict:
    return CheckVerdict(
        "",
        finding.outcome,
        finding.reason,
        part.place,
        evidence=finding.evidence,
        deciding=finding.deciding,
        at_ns=finding.at_ns,
        window_ns=finding.window_ns,
        resolution_ns=finding.resolution_ns,
    )


def _the_worst(check: Check, verdicts: list[CheckVerdict]) -> CheckVerdict:
    """The first of the worst stands for the whole check."""
    if not verdicts:
        reason = "nothing to judge: the check names a group without members"
        return CheckVerdict(check.name, Outcome.FAILED, reason, check.place, check.text)
    outcome = worst(verdict.outcome for verdict in verdicts)
    chosen = next(verdict for verdict in verdicts if verdict.outcome is outcome)
    resolution_ns = max(verdict.resolution_ns for verdict in verdicts)
    if outcome is not Outcome.PASSED:
        return replace(chosen, place=check.place)
    return replace(
        chosen,
        place=check.place,
        member="",
        reason=_all_passed(check, verdicts),
        resolution_ns=resolution_ns,
    )


def _all_passed(check: Check, verdicts: list[CheckVerdict]) -> str:
    if len(verdicts) == 1:
        return verdicts[0].reason
    members = {verdict.member for verdict in verdicts if verdict.member}
    if len(check.parts) == 1:
        return f"holds for each of {len(members)}; {verdicts[0].member}: {verdicts[0].reason}"
    beside = f" for each of {len(members)}" if len(members) > 1 else ""
    return f"all {len(check.parts)} parts hold{beside}; {verdicts[0].reason}"


def _badness(outcome: Outcome) -> int:
    return list(Outcome).index(outcome)
