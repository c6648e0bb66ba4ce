"""Which mutants are killed, and how a survivor is explained."""

from __future__ import annotations

from fractions import Fraction

from stories import PLACE, scenario

from harness.checks.invariants import PROGRAMS_END_WELL, PROGRAMS_START
from harness.checks.mutants import judge_mutant
from harness.checks.verdict import CheckVerdict, Outcome, RunVerdict, worst
from harness.scenario.model import Check, Mutant, Plain
from harness.units import Range


def check(name: str, holds: Range | None = None) -> Check:
    confidence = Fraction(95, 100)
    return Check(name, PLACE, "", (Plain("expect", PLACE, ""),), holds=holds, confidence=confidence)


def mutant(*breaks: str, holds: Range | None = None) -> Mutant:
    mutated = scenario(check("a", holds), check("b"), check("c"))
    return Mutant("m", PLACE, breaks, mutated)


def run(*, rule: CheckVerdict | None = None, seed: int = 1, **outcomes: Outcome) -> RunVerdict:
    known = {name: outcomes.get(name, Outcome.PASSED) for name in "abc"}
    checks = tuple(
        CheckVerdict(name, outcome, f"why {name}", PLACE) for name, outcome in known.items()
    )
    rules = (rule,) if rule else ()
    outcome = worst(verdict.outcome for verdict in checks + rules)
    return RunVerdict("x", "x.yaml", "", seed, "loopback", outcome, checks, rules, mutant="m")


def test_a_mutant_is_killed_when_exactly_its_checks_fail() -> None:
    verdict = judge_mutant(mutant("a", "c"), [run(a=Outcome.FAILED, c=Outcome.FAILED)])
    assert verdict.killed
    assert verdict.failed == ("a", "c")
    assert verdict.reason == "killed: 'a', 'c' failed as it should"


def test_the_failures_of_all_runs_count_together() -> None:
    runs = [run(a=Outcome.FAILED), run(c=Outcome.FAILED, seed=2)]
    assert judge_mutant(mutant("a", "c"), runs).killed


def test_a_check_that_passes_lets_the_mutant_survive() -> None:
    verdict = judge_mutant(mutant("a", "b"), [run(b=Outcome.FAILED)])
    assert not verdict.killed
    assert verdict.reason == "survived: 'a' passed (why a) although it should fail"


def test_a_check_too_many_lets_the_mutant_survive() -> None:
    verdict = judge_mutant(mutant("b"), [run(a=Outcome.FAILED, b=Outcome.FAILED)])
    assert not verdict.killed
    assert verdict.reason == "survived: it also broke 'a'"


def test_a_check_that_decides_nothing_is_no_kill() -> None:
    for outcome in (Outcome.INCONCLUSIVE, Outcome.SKIPPED):
        verdict = judge_mutant(mutant("a"), [run(a=outcome)])
        assert not verdict.killed
        assert f"'a' was {outcome} (why a)" in verdict.reason


def test_programs_that_were_not_ready_are_no_kill() -> None:
    rule = CheckVerdict(PROGRAMS_START, Outcome.ERROR, "server: not ready within 10s", PLACE)
    verdict = judge_mutant(mutant("a"), [run(a=Outcome.FAILED, rule=rule, seed=4)])
    assert not verdict.killed
    assert verdict.reason == "its programs were not ready (seed 4): server: not ready within 10s"


def test_a_rig_in_error_kills_nothing() -> None:
    rule = CheckVerdict("packets are conserved", Outcome.ERROR, "lost one", PLACE)
    verdict = judge_mutant(mutant("a"), [run(a=Outcome.FAILED, rule=rule)])
    assert not verdict.killed
    assert "lost one" in verdict.reason


def test_a_crash_that_no_check_looks_at_kills_nothing() -> None:
    crash = CheckVerdict(PROGRAMS_END_WELL, Outcome.FAILED, "server ended", PLACE)
    assert not judge_mutant(mutant("a"), [run(rule=crash)]).killed
    verdict = judge_mutant(mutant("a"), [run(a=Outcome.FAILED, rule=crash)])
    assert not verdict.killed
    assert verdict.reason == "what failed may have failed for another reason: server ended"


def test_a_mutant_that_was_not_run_is_alive() -> None:
    verdict = judge_mutant(mutant("a"), [])
    assert not verdict.killed
    assert verdict.reason == "it was not run"


def test_a_claim_over_runs_counts_once_for_all_of_them() -> None:
    holds = Range(Fraction(80, 100), None)
    rarely = [run(a=Outcome.FAILED), *[run() for _ in range(19)]]
    mostly = [run(a=Outcome.FAILED) for _ in range(20)]
    assert judge_mutant(mutant("a", holds=holds), mostly).killed
    survivor = judge_mutant(mutant("a", holds=holds), rarely)
    assert not survivor.killed
    assert "'a' was inconclusive" in survivor.reason
