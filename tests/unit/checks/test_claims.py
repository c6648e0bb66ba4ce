"""Claims over runs: pooled shares, shares of runs, early stopping."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from harness.checks.claims import (
    claim_checks,
    decided,
    judge_tallies,
    most_looks,
    pool,
    run_outcome,
)
from harness.checks.verdict import CheckVerdict, Outcome, RunVerdict, Tally
from harness.errors import Place
from harness.scenario.model import AtTime, Check, Host, Measure, Plain, Scenario
from harness.units import Range

PLACE = Place("x.yaml", 7, 3)
SURE = Fraction(999_999, 1_000_000)


def share_check(bounds: Range, *, kind: str = "loss", contract: str = "") -> Check:
    measure = Measure(kind=kind)  # type: ignore[arg-type]
    part = Plain("measure", PLACE, "measure", measure=measure, bounds=bounds)
    return Check("share", PLACE, "the share", (part,), contract=contract)


def plain_check(holds: Range | None = None, confidence: Fraction = SURE) -> Check:
    part = Plain("expect", PLACE, "expect")
    return Check("plain", PLACE, "the check", (part,), holds=holds, confidence=confidence)


def scenario(*checks: Check, seeds: Range | None = None) -> Scenario:
    return Scenario(
        path="x.yaml",
        claim="x",
        variant="",
        digest="",
        text="",
        until=AtTime(0),
        hosts={"a": Host("a", PLACE)},
        checks=checks,
        seeds=seeds or Range(20, 20),
    )


def run(*checks: CheckVerdict, seed: int = 1) -> RunVerdict:
    return RunVerdict("x", "x.yaml", "", seed, "loopback", Outcome.PASSED, checks)


def verdict(
    name: str, outcome: Outcome, tally: Tally | None = None, member: str = ""
) -> CheckVerdict:
    return CheckVerdict(name, outcome, f"it was {outcome}", PLACE, tally=tally, member=member)


def share_runs(*tallies: Tally) -> list[RunVerdict]:
    return [run(verdict("share", Outcome.PASSED, tally)) for tally in tallies]


def held_runs(*outcomes: Outcome) -> list[RunVerdict]:
    return [run(verdict("plain", outcome)) for outcome in outcomes]


def shares(low: str, high: str) -> Range:
    ends = [Fraction(end.rstrip("%")) / 100 if end else None for end in (low, high)]
    return Range(*ends)


@pytest.mark.parametrize(
    ("hits", "total", "bounds", "outcome"),
    [
        (500, 5000, shares("8%", "13%"), Outcome.PASSED),
        (500, 5000, shares("9%", "11%"), Outcome.INCONCLUSIVE),
        (500, 5000, shares("", "5%"), Outcome.FAILED),
        (500, 5000, shares("10%", "10%"), Outcome.PASSED),
        (700, 5000, shares("10%", "10%"), Outcome.FAILED),
        (0, 5, shares("0%", "0%"), Outcome.PASSED),
        (1, 10**7, shares("0%", "0%"), Outcome.FAILED),
        (5, 5, shares("100%", "100%"), Outcome.PASSED),
        (10**7 - 1, 10**7, shares("100%", "100%"), Outcome.FAILED),
        (0, 0, shares("0%", "0%"), Outcome.FAILED),
        (6, 5, shares("100%", "100%"), Outcome.FAILED),
        (6, 5, shares("", "99%"), Outcome.FAILED),
        (6, 5, shares("96%", ""), Outcome.INCONCLUSIVE),
        (600, 500, shares("96%", ""), Outcome.PASSED),
        (1, 0, shares("96%", ""), Outcome.FAILED),
    ],
)
def test_a_share_is_judged_by_its_interval(
    hits: int, total: int, bounds: Range, outcome: Outcome
) -> None:
    found, reason = judge_tallies((Tally(hits, total),), bounds, SURE)
    assert found is outcome, reason
    assert reason


def test_nothing_to_count_says_so() -> None:
    assert "nothing to count" in judge_tallies((Tally(0, 0),), shares("", "5%"), SURE)[1]


def test_a_clustered_share_needs_several_runs() -> None:
    one = Tally(100, 1000, clustered=True)
    outcome, reason = judge_tallies((one,), shares("1%", "50%"), Fraction(95, 100))
    assert outcome is Outcome.INCONCLUSIVE
    assert "several seeds" in reason
    many = [Tally(100 + k % 3, 1000, clustered=True) for k in range(20)]
    assert judge_tallies(many, shares("1%", "50%"), SURE)[0] is Outcome.PASSED


def test_none_and_all_need_no_several_runs_even_when_clustered() -> None:
    assert judge_tallies((Tally(0, 9, clustered=True),), shares("0%", "0%"), SURE)[0] is (
        Outcome.PASSED
    )
    assert judge_tallies((Tally(1, 9, clustered=True),), shares("0%", "0%"), SURE)[0] is (
        Outcome.FAILED
    )


def test_clustered_runs_that_differ_are_less_sure_than_their_trials() -> None:
    counts = [0, 400, 10, 350, 20, 380] * 3
    bursty = [Tally(k, 1000, clustered=True) for k in counts]
    even = [Tally(k, 1000) for k in counts]
    bounds = shares("15%", "25%")
    assert judge_tallies(even, bounds, SURE)[0] is Outcome.PASSED
    assert judge_tallies(bursty, bounds, SURE)[0] is Outcome.INCONCLUSIVE


def test_shares_are_pooled_over_seeds() -> None:
    one = scenario(share_check(shares("8%", "12%")))
    few = pool(one, share_runs(Tally(10, 100)), looks=1)
    many = pool(one, share_runs(*[Tally(10, 100)] * 20 + [Tally(10, 1000)]), looks=1)
    assert [claim.outcome for claim in few] == [Outcome.INCONCLUSIVE]
    assert many[0].tally == Tally(210, 3000)
    assert many[0].value == "7%"


def test_members_are_pooled_apart() -> None:
    one = scenario(share_check(shares("", "20%")))
    runs = [
        run(
            verdict("share", Outcome.PASSED, Tally(0, 100), "client-1"),
            verdict("share", Outcome.PASSED, Tally(90, 100), "client-2"),
        )
    ] * 3
    claims = pool(one, runs, looks=1)
    assert [(claim.member, claim.outcome) for claim in claims] == [
        ("client-1", Outcome.PASSED),
        ("client-2", Outcome.FAILED),
    ]


def test_a_skipped_run_is_no_evidence_for_a_share() -> None:
    one = scenario(share_check(shares("", "20%")))
    runs = [*share_runs(Tally(0, 1000)), run(verdict("share", Outcome.SKIPPED))]
    (claim,) = pool(one, runs, looks=1)
    assert claim.outcome is Outcome.SKIPPED
    assert claim.reason == "it was skipped"


def test_twenty_of_twenty_runs_prove_eighty_percent_at_ninety_five() -> None:
    one = scenario(plain_check(shares("80%", ""), Fraction(95, 100)))
    (all_held,) = pool(one, held_runs(*[Outcome.PASSED] * 20), looks=1)
    (one_not,) = pool(one, held_runs(*[Outcome.PASSED] * 19, Outcome.FAILED), looks=1)
    (half,) = pool(one, held_runs(*[Outcome.PASSED, Outcome.FAILED] * 10), looks=1)
    outcomes = [claim.outcome for claim in (all_held, one_not, half)]
    assert outcomes == [Outcome.PASSED, Outcome.INCONCLUSIVE, Outcome.FAILED]
    assert all_held.reason.startswith("held in 20 of 20 (100%)")


@pytest.mark.parametrize(
    ("held", "failed", "undecided", "bounds", "outcome", "tally"),
    [
        (20, 0, 80, shares("80%", ""), Outcome.INCONCLUSIVE, Tally(20, 100)),
        (98, 0, 2, shares("80%", ""), Outcome.PASSED, Tally(98, 100)),
        (18, 80, 2, shares("80%", ""), Outcome.FAILED, Tally(20, 100)),
        (18, 20, 62, shares("80%", ""), Outcome.INCONCLUSIVE, Tally(18, 100)),
        (18, 22, 60, shares("80%", ""), Outcome.INCONCLUSIVE, Tally(18, 100)),
        (22, 18, 60, shares("", "20%"), Outcome.INCONCLUSIVE, Tally(22, 100)),
        (2, 98, 0, shares("", "20%"), Outcome.PASSED, Tally(2, 100)),
        (0, 20, 80, shares("", "20%"), Outcome.INCONCLUSIVE, Tally(0, 100)),
        (80, 0, 20, shares("", "20%"), Outcome.FAILED, Tally(100, 100)),
        (1, 1, 98, shares("40%", "60%"), Outcome.INCONCLUSIVE, Tally(1, 100)),
        (19, 0, 1, shares("100%", "100%"), Outcome.INCONCLUSIVE, Tally(19, 20)),
        (18, 1, 1, shares("100%", "100%"), Outcome.FAILED, Tally(19, 20)),
    ],
)
@pytest.mark.parametrize("kind", [Outcome.INCONCLUSIVE, Outcome.SKIPPED, Outcome.ERROR])
def test_a_claim_stands_only_if_it_does_however_undecided_runs_come_out(
    held: int, failed: int, undecided: int, bounds: Range, outcome: Outcome, tally: Tally,
    kind: Outcome,
) -> None:  # fmt: skip
    one = scenario(plain_check(bounds, Fraction(95, 100)))
    runs = held_runs(*[Outcome.PASSED] * held, *[Outcome.FAILED] * failed, *[kind] * undecided)
    (claim,) = pool(one, runs, looks=1)
    assert (claim.outcome, claim.tally) == (outcome, tally), claim.reason
    told = f"{undecided} runs that neither passed nor failed"
    assert (told in claim.reason) is (undecided > 0)


def test_a_run_with_nothing_to_count_is_not_made_up_for_by_others() -> None:
    one = scenario(share_check(shares("", "20%")))
    barren = replace(verdict("share", Outcome.FAILED, Tally(0, 0)), reason="nothing to count: x")
    (claim,) = pool(one, [*share_runs(*[Tally(0, 1000)] * 3), run(barren)], looks=1)
    assert (claim.outcome, claim.reason) == (Outcome.FAILED, "nothing to count: x")


def test_more_hits_than_trials_prove_no_more_than_all() -> None:
    bounds = shares("96%", "")
    few = [Tally(0, 2), Tally(9, 2)]
    found, reason = judge_tallies(few, bounds, SURE)
    assert found is Outcome.INCONCLUSIVE
    assert "9 of 4" in reason
    assert "confidence" in reason
    assert judge_tallies(few, bounds, SURE, looks=20)[0] is Outcome.INCONCLUSIVE
    clustered = [replace(tally, clustered=True) for tally in few]
    assert judge_tallies(clustered, bounds, SURE)[0] is Outcome.INCONCLUSIVE
    many = [Tally(1200, 1000, clustered=True)] * 20
    assert judge_tallies(many, bounds, SURE)[0] is Outcome.PASSED


def test_a_claim_without_a_decided_run_keeps_their_reason() -> None:
    one = scenario(plain_check(shares("50%", "")))
    (claim,) = pool(one, held_runs(Outcome.SKIPPED, Outcome.SKIPPED), looks=1)
    assert claim.outcome is Outcome.SKIPPED
    assert "it was skipped" in claim.reason


def test_a_check_fails_to_hold_when_it_fails_for_one_member() -> None:
    one = scenario(plain_check(shares("90%", ""), Fraction(95, 100)))
    both = [verdict("plain", Outcome.PASSED, member="c-1"), verdict("plain", Outcome.FAILED)]
    (claim,) = pool(one, [run(*both)] * 20, looks=1)
    assert claim.tally == Tally(0, 20)


def test_claims_do_not_count_in_the_outcome_of_one_run() -> None:
    one = scenario(plain_check(shares("80%", "")), share_check(shares("", "5%")))
    failing = [verdict("plain", Outcome.FAILED), verdict("share", Outcome.FAILED, Tally(9, 9))]
    assert run_outcome(one, failing, ()) is Outcome.PASSED
    rule = verdict("packets are conserved", Outcome.ERROR)
    assert run_outcome(one, failing, (rule,)) is Outcome.ERROR


def test_a_share_with_a_single_seed_counts_in_its_run() -> None:
    one = scenario(share_check(shares("", "5%")), seeds=Range(1, 1))
    assert run_outcome(one, [verdict("share", Outcome.FAILED)], ()) is Outcome.FAILED
    assert pool(one, share_runs(Tally(9, 9)), looks=1) == ()


def test_parts_of_contracts_and_numbers_are_judged_run_by_run() -> None:
    bounds = shares("0%", "0%")
    one = scenario(
        share_check(bounds, kind="reordering", contract="delivery"),
        replace(share_check(bounds, kind="latency"), name="number"),
        plain_check(),
    )
    assert claim_checks(one) == ()


def test_runs_stop_when_every_claim_is_decided() -> None:
    one = scenario(share_check(shares("", "20%")), seeds=Range(2, 50))
    assert not decided(one, share_runs(Tally(0, 10_000)))  # fewer than the least
    assert not decided(one, share_runs(Tally(19, 100), Tally(19, 100)))
    assert decided(one, share_runs(Tally(5, 1000), Tally(5, 1000)))
    assert decided(one, share_runs(*[Tally(20, 100)] * 50))  # all seeds are used


def test_a_fixed_number_of_seeds_is_run_in_full() -> None:
    one = scenario(share_check(shares("", "20%")), seeds=Range(3, 3))
    assert not decided(one, share_runs(*[Tally(0, 10_000)] * 2))
    assert decided(one, share_runs(*[Tally(19, 100)] * 3))


def test_repeated_looks_are_paid_for() -> None:
    ranged = scenario(share_check(shares("", "20%")), seeds=Range(1, 100))
    fixed = scenario(share_check(shares("", "20%")), seeds=Range(100, 100))
    assert (most_looks(ranged), most_looks(fixed)) == (100, 1)
    runs = share_runs(Tally(118, 1000))
    (often,), (once,) = pool(ranged, runs, looks=1), pool(fixed, runs, looks=1)
    assert "confidence sequence" in often.reason
    assert "Clopper-Pearson" in once.reason


def test_stopping_early_changes_nothing_about_what_was_decided() -> None:
    one = scenario(share_check(shares("", "20%")), seeds=Range(2, 50))
    runs = share_runs(Tally(70, 500), Tally(70, 500))
    outcomes = {pool(one, runs, looks=looks)[0].outcome for looks in (1, 2, most_looks(one))}
    assert len(outcomes) == 1
    assert decided(one, runs) == (Outcome.INCONCLUSIVE not in outcomes)
