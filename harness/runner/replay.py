"""Judging a bundle again, and running it again with the same fates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from harness.checks.judge import judge
from harness.checks.verdict import RunVerdict
from harness.errors import TraceFault
from harness.link.fate import Fate, Fates
from harness.runner.labs import LABS
from harness.runner.single import Job
from harness.scenario.loader import loads
from harness.scenario.model import Mutant, Scenario
from harness.trace.bundle import Bundle
from harness.trace.events import Corrupted, Delivered, Dropped, Sent, Trace

LINK_REASONS = frozenset({"loss", "cut", "queue", "corrupt"})
"""What the link decided; the other reasons come from the receiver's side and happen again."""


def scenario_of(bundle: Bundle) -> tuple[Scenario, Mutant | None]:
    """The variant, and the mutant, that a bundle ran. Raises TraceFault if they are not there."""
    facts = bundle.facts
    variants = loads(facts.text, facts.path, facts.overrides)
    chosen = next((each for each in variants if each.variant == facts.variant), None)
    if chosen is None:
        raise TraceFault(f"{bundle.path}: the scenario has no variant {facts.variant!r}")
    if not facts.mutant:
        return chosen, None
    mutant = next((each for each in chosen.mutants if each.name == facts.mutant), None)
    if mutant is None:
        raise TraceFault(f"{bundle.path}: the scenario has no mutant {facts.mutant!r}")
    return mutant.scenario, mutant


def judged_again(bundle: Bundle) -> RunVerdict:
    """The verdict on a saved trace; the same as that of the live run."""
    scenario, _ = scenario_of(bundle)
    trace = bundle.trace()
    if trace.header.digest != scenario.digest:
        raise TraceFault(f"{bundle.path}: the trace belongs to another scenario than the one saved")
    verdict = judge(scenario, trace, bundle=str(bundle.path))
    return replace(verdict, mutant=bundle.facts.mutant)


def replay_job(bundle: Bundle, folder: Path) -> Job:
    """The run of a bundle once more, each datagram with the fate that it had."""
    scenario, mutant = scenario_of(bundle)
    facts = bundle.facts
    if facts.lab not in LABS:
        known = ", ".join(LABS)
        raise TraceFault(f"{bundle.path}: ran in the lab {facts.lab!r}; this version has {known}")
    return Job(
        scenario=scenario,
        lab=LABS[facts.lab](),
        seed=facts.seed,
        folder=folder,
        overrides=facts.overrides,
        mutant=facts.mutant,
        edits=mutant.edits if mutant else {},
        fates=recorded_fates(bundle.trace()),
    )


def recorded_fates(trace: Trace) -> Mapping[str, tuple[Fates, ...]]:
    """For each direction the fates by position, with times counted from the sending."""
    sent = {event.n: event for event in trace.events if isinstance(event, Sent)}
    copies = _copies(trace, sent)
    directions: dict[str, dict[int, Fates]] = {}
    for number, event in sent.items():
        fates = tuple(fate for _, fate in sorted(copies.get(number, {}).items()))
        by_position = directions.setdefault(f"{event.source}>{event.target}", {})
        if not 1 <= event.k <= len(sent):
            raise TraceFault(f"event {number}: no run of {len(sent)} datagrams has a #{event.k}")
        by_position[event.k] = fates
    return {
        name: tuple(by_position.get(k, ()) for k in range(1, max(by_position) + 1))
        for name, by_position in directions.items()
    }


def _copies(trace: Trace, sent: Mapping[int, Sent]) -> dict[int, dict[int, Fate]]:
    """Per ``sent`` event the fate of each copy."""
    bits = {(e.of, e.copy): e.bit for e in trace.events if isinstance(e, Corrupted)}
    copies: dict[int, dict[int, Fate]] = {}
    for event in trace.events:
        if not isinstance(event, Delivered | Dropped) or event.of not in sent:
            continue
        dropped = isinstance(event, Dropped) and event.reason in LINK_REASONS
        fate = Fate(
            at_ns=max(0, event.t - event.lag - sent[event.of].t),
            drop=event.reason if dropped else None,  # type: ignore[union-attr,arg-type]
            copy=event.copy,
            bit=bits.get((event.of, event.copy), -1),
        )
        copies.setdefault(event.of, {})[event.copy] = fate
    return copies
