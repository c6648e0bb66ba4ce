"""What is refused about checks, and which checks no mutant breaks."""

from dataclasses import replace
from fractions import Fraction

import pytest
from nouns import (
    SECOND,
    after,
    claim,
    flow,
    output,
    place,
    plain,
    refusal,
    refusals,
    scenario,
    sent,
)

from harness.scenario.model import Measure, Mutant
from harness.scenario.rules import unbroken
from harness.units import Range

ANSWER = output("alice", "answer")


def test_a_scenario_needs_checks():
    assert refusal(checks=()).message == "a scenario without checks"


@pytest.mark.parametrize("seeds", [Range(0, 0), Range(5, None), Range(None, 5), Range(1, 100_001)])
def test_seeds_are_some(seeds):
    assert refusal(seeds=seeds).message == "no such number of seeds"


def holding(low, high, seeds, confidence="0.95"):
    bounds = Range(None if low is None else Fraction(low), None if high is None else Fraction(high))
    check = claim(plain(ANSWER), holds=bounds, confidence=Fraction(confidence))
    return refusals(checks=[check], seeds=Range(1, seeds))


@pytest.mark.parametrize(
    ("low", "high", "seeds", "confidence"),
    [
        ("0.8", None, 20, "0.95"),
        ("0.95", None, 72, "0.95"),
        ("1", "1", 1, "0.95"),
        ("0", "0", 1, "0.95"),
        (None, "0.2", 20, "0.95"),
        ("0", None, 1, "0.95"),
    ],
)
def test_shares_that_the_seeds_can_prove(low, high, seeds, confidence):
    assert holding(low, high, seeds, confidence) == []


@pytest.mark.parametrize(
    ("low", "high", "seeds", "confidence", "remedy"),
    [
        ("0.8", None, 16, "0.95", "seeds: 17 or more"),
        ("0.95", None, 71, "0.95", "seeds: 72 or more"),
        ("0.8", None, 20, "0.999999", "seeds: 66 or more"),
        (None, "0.2", 16, "0.95", "seeds: 17 or more"),
        ("1", None, 1000, "0.95", "holds: 100%"),
    ],
)
def test_shares_that_the_seeds_can_never_prove(low, high, seeds, confidence, remedy):
    (problem,) = holding(low, high, seeds, confidence)
    assert f"no outcome of {seeds} seeds" in problem.message
    assert remedy in problem.accepted
    assert problem.place == place(9)


def test_the_number_of_seeds_that_is_named_is_enough():
    assert len(holding("0.8", None, 65, "0.999999")) == 1
    assert holding("0.8", None, 66, "0.999999") == []


@pytest.mark.parametrize("confidence", ["0", "1"])
def test_confidence_lies_between(confidence):
    assert holding("0.5", None, 100, confidence)[0].message == "no such confidence"


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"kind": "never", "count": Range(1, 1)}, "count"),
        ({"kind": "expect", "bounds": Range(1, 1)}, "is"),
    ],
)
def test_words_that_do_not_combine(more, found):
    assert refusal(checks=[claim(plain(ANSWER, **more))]).found == found


LOSS = Measure("loss", (flow("alice -> server"),))


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"within": Range(0, SECOND)}, "within"),
        ({"unless": ANSWER}, "unless"),
        ({"count": Range(1, 1)}, "count"),
        ({"anchor": after(ANSWER)}, "after"),
        ({"bounds": None}, "a check"),
    ],
)
def test_a_measure_has_is_and_no_window(more, found):
    part = plain(kind="measure", measure=LOSS, bounds=Range(0, 1))
    assert refusals(checks=[claim(part)]) == []
    assert refusal(checks=[claim(replace(part, **more))]).found == found


@pytest.mark.parametrize(("kind", "group"), [("value", "n"), ("reordering", "id")])
def test_a_measure_of_numbers_catches_them(kind, group):
    def part(says):
        measure = Measure(kind, pattern=output("alice", says, line=19))
        return claim(plain(kind="measure", measure=measure, bounds=Range(0, 1)))

    problem = refusal(checks=[part("got (?P<x>1)")])
    assert problem.message == f"this pattern catches no {group}"
    assert problem.place.line == 19
    assert refusals(checks=[part(f"got (?P<{group}>1)")]) == []


def test_a_delivery_catches_ids_at_both_ends():
    offered, taken = output("alice", "offer (?P<id>1)"), output("server", "got (?P<id>1)", line=19)

    def delivery(offered, taken):
        part = plain(taken, anchor=after(offered, "each"))
        return refusals(checks=[claim(part, contract="delivery")])

    assert delivery(offered, taken) == []
    (problem,) = delivery(offered, output("server", "got", line=19))
    assert (problem.message, problem.place.line) == ("this pattern catches no id", 19)
    assert len(delivery(output("alice", "offer"), taken)) == 1


def test_plus_moves_instants_only():
    late = output("alice", "x", plus_ns=SECOND, line=19)
    for more in ({"anchor": after(late, "each")}, {"unless": late}):
        assert refusal(checks=[claim(plain(ANSWER, **more))]).message.startswith("plus where no")
    assert refusal(checks=[claim(plain(late))]).place.line == 19
    assert refusals(checks=[claim(plain(ANSWER, anchor=after(late)))]) == []


def test_checks_that_no_mutant_breaks_are_named_in_the_order_of_the_file():
    checks = [claim(plain(sent("alice -> server")), name=name) for name in ("a", "b", "c")]
    base = scenario(checks=checks)
    assert unbroken(base) == ("a", "b", "c")
    mutants = (Mutant("m", place(), ("b",), base), Mutant("n", place(), ("b",), base))
    assert unbroken(scenario(checks=checks, mutants=mutants)) == ("a", "c")
