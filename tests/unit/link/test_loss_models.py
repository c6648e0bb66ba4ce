"""Loss: independent, in bursts, by position.

Statistical claims use fixed seeds and exact binomial bounds whose chance of a false alarm, over
all seeds, is below one in a million each.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.link.direction import Direction
from harness.link.fabric import Fabric
from harness.link.fate import Conditions, GilbertElliottLoss, LossModel, Packet, PacketLoss
from harness.link.impairment import FULL, Draw

HALF = Fraction(1, 2)


def lost(model: LossModel, packets: int, seed: int = 1) -> list[bool]:
    fabric = Fabric(seed)
    conditions = Conditions(loss=model)
    fates = (
        fabric.decide("a", "b", payload_bytes=9, wire_bytes=51, now_ns=n, conditions=conditions)
        for n in range(packets)
    )
    return [fate[0].drop == "loss" for fate in fates]


def scripted(model: GilbertElliottLoss, *numbers: int) -> list[bool]:
    """Losses on a script of two numbers for each packet."""
    left = list(numbers)

    def draws(name: str) -> Draw:
        return lambda: left.pop(0)

    direction = Direction("a>b", draws)
    conditions = Conditions(loss=model)
    count = len(numbers) // 2
    fates = [direction.decide(Packet(n, 9, 51), n, conditions)[0] for n in range(1, count + 1)]
    assert not left
    return [fate.drop == "loss" for fate in fates]


@pytest.mark.parametrize(
    ("share", "low", "high"),
    # Of Binomial(20000, p): P(X < low) and P(X > high) are both below 5e-7.
    [
        (Fraction(1, 20), 850, 1160),
        (Fraction(3, 10), 5680, 6325),
        (Fraction(9, 10), 17785, 18210),
    ],
)
def test_independent_loss_has_the_share_asked_for(share: Fraction, low: int, high: int) -> None:
    assert low <= sum(lost(share, 20_000)) <= high


def test_independent_losses_do_not_cluster() -> None:
    # Both of a pair are lost with 1/4: of Binomial(10000, 1/4), outside 2280 .. 2725 is < 1e-6.
    course = lost(HALF, 20_000)
    both = sum(one and two for one, two in zip(course[::2], course[1::2], strict=True))
    assert 2280 <= both <= 2725


def test_a_share_of_nothing_loses_nothing_and_all_loses_all() -> None:
    assert not any(lost(Fraction(0), 1000))
    assert all(lost(Fraction(1), 1000))


def test_seeds_repeat_and_differ() -> None:
    assert lost(HALF, 200, seed=1) == lost(HALF, 200, seed=1)
    assert lost(HALF, 200, seed=1) != lost(HALF, 200, seed=2)


def test_the_state_before_the_transition_decides() -> None:
    bursts = GilbertElliottLoss(enter=HALF, leave=HALF, bad=Fraction(1), good=Fraction(0))
    # 1: enters the bad state, is judged by the good one. 2: leaves it, is judged by the bad one.
    assert scripted(bursts, 0, 1, 0, 1, FULL, 1) == [False, True, False]


def test_the_kernels_comparisons_differ_by_state() -> None:
    certain = GilbertElliottLoss(enter=Fraction(1), leave=HALF, bad=Fraction(1), good=Fraction(1))
    # Good: lost if number < threshold, so the greatest number is spared. Bad: lost if number
    # > complement, so zero is spared.
    assert scripted(certain, 0, FULL, FULL, FULL, FULL, 0) == [False, True, False]


def test_bursts_have_the_share_and_the_length_of_the_model() -> None:
    # Stationary share of bad 1/5, mean burst 4 packets. The 400 leaves of the bad state (a sum
    # of geometric sojourns) put both figures inside these bounds in all but 1e-6 of seeds.
    model = GilbertElliottLoss(Fraction(1, 16), Fraction(1, 4), Fraction(1), Fraction(0))
    course = lost(model, 40_000)
    bursts = sum(1 for before, now in pairwise([False, *course]) if now and not before)
    share, length = sum(course) / len(course), sum(course) / bursts
    assert 0.17 < share < 0.23
    assert 3.6 < length < 4.4


def test_the_burst_state_survives_other_changes_and_not_a_new_model() -> None:
    def after(second: Conditions) -> bool:
        numbers = [0, 1, FULL, 1]
        direction = Direction("a>b", lambda name: lambda: numbers.pop(0))
        model = GilbertElliottLoss(HALF, HALF, Fraction(1), Fraction(0))
        direction.decide(Packet(1, 9, 51), 0, Conditions(loss=model))  # enters the bad state
        return direction.decide(Packet(2, 9, 51), 1, second)[0].drop == "loss"

    same = GilbertElliottLoss(HALF, HALF, Fraction(1), Fraction(0))
    other = GilbertElliottLoss(HALF, Fraction(1, 3), Fraction(1), Fraction(0))
    assert after(Conditions(loss=same, delay_ns=5))
    assert not after(Conditions(loss=other))


def test_listed_positions_and_no_others_are_lost() -> None:
    course = lost(PacketLoss([(8, 10), (3, 3), (9, 12), (18, None)]), 20)
    assert [n for n, gone in enumerate(course, 1) if gone] == [3, 8, 9, 10, 11, 12, 18, 19, 20]


@given(
    st.lists(
        st.tuples(st.integers(1, 40), st.none() | st.integers(0, 15)).map(
            lambda span: (span[0], None if span[1] is None else span[0] + span[1])
        ),
        max_size=6,
    )
)
def test_a_list_is_the_union_of_its_spans(spans: list[tuple[int, int | None]]) -> None:
    listed = [any(a <= n and (b is None or n <= b) for a, b in spans) for n in range(1, 61)]
    assert lost(PacketLoss(spans), 60) == listed
