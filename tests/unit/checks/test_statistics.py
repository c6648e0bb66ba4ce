"""Intervals against stored values, exact sums, and their coverage by full enumeration."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.checks.statistics import (
    Interval,
    Standing,
    beta_share,
    clopper_pearson,
    confidence_sequence,
    decide,
    run_interval,
    student_quantile,
)
from harness.units import Range

PERCENT = Fraction(1, 100)


def at_least(hits: int, total: int, share: Fraction) -> Fraction:
    """P(X >= hits), summed exactly."""
    return sum(
        (
            math.comb(total, k) * share**k * (1 - share) ** (total - k)
            for k in range(hits, total + 1)
        ),
        Fraction(0),
    )


# Clopper-Pearson: reference values computed with an independent beta quantile.
REFERENCE = [
    # hits, total, confidence, low, high
    (0, 20, 0.95, 0.0, 0.16843347098308536),
    (20, 20, 0.95, 0.8315665290169146, 1.0),
    (19, 20, 0.95, 0.7512672372279722, 0.9987349105020502),
    (5, 10, 0.95, 0.18708602844739272, 0.8129139715526072),
    (1, 1000, 0.999999, 5.000001248894e-10, 0.01727990526117863),
    (0, 10_000_000, 0.999999, 0.0, 1.4508647213443085e-06),
    (1, 10_000_000, 0.95, 2.5317807952240324e-09, 5.571642116990813e-07),
]


@pytest.mark.parametrize(("hits", "total", "confidence", "low", "high"), REFERENCE)
def test_exact_interval_has_known_ends(
    hits: int, total: int, confidence: float, low: float, high: float
) -> None:
    interval = clopper_pearson(hits, total, confidence)
    assert interval.low == pytest.approx(low, rel=1e-7, abs=0)
    assert interval.high == pytest.approx(high, rel=1e-7, abs=0)


@given(st.integers(1, 30), st.data(), st.sampled_from([Fraction(1, 20), Fraction(1, 10**6)]))
def test_exact_interval_leaves_half_of_the_error_beyond_each_end(
    total: int, data: st.DataObject, alpha: Fraction
) -> None:
    hits = data.draw(st.integers(1, total))
    interval = clopper_pearson(hits, total, 1 - alpha)
    low = Fraction(interval.low)
    assert at_least(hits, total, low) <= alpha / 2
    assert at_least(hits, total, low * Fraction(1 + 10**-6)) > alpha / 2 * Fraction(999, 1000)
    assert interval.low <= hits / total <= interval.high


@given(st.integers(1, 10**7), st.data())
def test_exact_interval_is_symmetric_and_holds_the_estimate(
    total: int, data: st.DataObject
) -> None:
    hits = data.draw(st.integers(0, total))
    interval = clopper_pearson(hits, total, 0.999999)
    mirror = clopper_pearson(total - hits, total, 0.999999)
    assert interval.low == pytest.approx(1 - mirror.high, abs=1e-8)
    assert 0 <= interval.low <= hits / total <= interval.high <= 1


@pytest.mark.parametrize("confidence", [Fraction(9, 10), Fraction(99, 100)])
@pytest.mark.parametrize("share", [Fraction(1, 50), Fraction(1, 3), Fraction(1, 2)])
def test_exact_interval_covers_at_least_its_confidence(
    share: Fraction, confidence: Fraction
) -> None:
    total = 40
    missed = sum(
        math.comb(total, k) * share**k * (1 - share) ** (total - k)
        for k in range(total + 1)
        if share not in clopper_pearson(k, total, confidence)
    )
    assert missed <= 1 - confidence
    assert missed > 0 or share == Fraction(1, 50)  # it is an interval, not everything


@pytest.mark.parametrize("share", [Fraction(1, 20), Fraction(1, 2)])
def test_confidence_sequence_covers_at_every_look_together(share: Fraction) -> None:
    confidence, looks = Fraction(9, 10), 60
    alive = {0: Fraction(1)}  # hits so far -> chance that no look has missed yet
    for total in range(1, looks + 1):
        grown: dict[int, Fraction] = {}
        for hits, chance in alive.items():
            grown[hits] = grown.get(hits, Fraction(0)) + chance * (1 - share)
            grown[hits + 1] = grown.get(hits + 1, Fraction(0)) + chance * share
        alive = {
            hits: chance
            for hits, chance in grown.items()
            if share in confidence_sequence(hits, total, confidence)
        }
    missed = 1 - sum(alive.values())
    assert 0 < missed <= 1 - confidence


def test_repeated_looks_with_the_exact_interval_would_not_cover() -> None:
    share, confidence = Fraction(1, 2), Fraction(9, 10)
    alive = {0: Fraction(1)}
    for total in range(1, 61):
        grown: dict[int, Fraction] = {}
        for hits, chance in alive.items():
            grown[hits] = grown.get(hits, Fraction(0)) + chance / 2
            grown[hits + 1] = grown.get(hits + 1, Fraction(0)) + chance / 2
        alive = {
            hits: chance
            for hits, chance in grown.items()
            if share in clopper_pearson(hits, total, confidence)
        }
    assert 1 - sum(alive.values()) > 1 - confidence


@given(st.integers(1, 10**6), st.data())
def test_confidence_sequence_is_wider_than_one_look(total: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, total))
    once, often = clopper_pearson(hits, total, 0.99), confidence_sequence(hits, total, 0.99)
    assert often.low <= once.low * (1 + 1e-9)
    assert often.high >= once.high * (1 - 1e-9)


def test_confidence_sequence_narrows_with_more_runs() -> None:
    few, many = confidence_sequence(10, 100, 0.999), confidence_sequence(1000, 10_000, 0.999)
    assert many.high - many.low < (few.high - few.low) / 5


@pytest.mark.parametrize(
    ("tail", "freedom", "value"),
    [
        (0.025, 1, 12.706204736432095),
        (0.025, 19, 2.093024054408263),
        (5e-7, 19, 7.069118187058833),
        (0.05, 199, 1.6525467461665795),
    ],
)
def test_student_quantile_has_known_values(tail: float, freedom: int, value: float) -> None:
    assert student_quantile(tail, freedom) == pytest.approx(value, rel=1e-9)


def test_incomplete_beta_equals_the_binomial_sum() -> None:
    for hits, total, share in [(3, 10, Fraction(1, 4)), (9, 10, Fraction(1, 9)), (1, 30, PERCENT)]:
        exact = float(at_least(hits, total, share))
        found = beta_share(float(share), float(1 - share), hits, total - hits + 1)
        assert found == pytest.approx(exact, rel=1e-12)


def test_runs_that_differ_give_a_wider_interval_than_their_trials() -> None:
    bursty = run_interval([(0, 100), (40, 100), (0, 100), (38, 100), (2, 100)] * 4, 0.95)
    even = run_interval([(16, 100)] * 20, 0.95)
    assert bursty.high - bursty.low > 2 * (even.high - even.low)


def test_runs_that_agree_prove_no_more_than_their_trials() -> None:
    assert run_interval([(0, 50)] * 4, 0.95) == clopper_pearson(0, 200, 0.95)


def test_student_interval_of_runs_has_its_textbook_value() -> None:
    runs = [(10, 100), (20, 100), (30, 100), (40, 100)]
    interval = run_interval(runs, 0.95)
    # mean 0.25, standard deviation 0.1291, t(3, 0.975) = 3.1824
    half = 3.182446305284264 * math.sqrt(sum((x - 0.25) ** 2 for x in (0.1, 0.2, 0.3, 0.4)) / 12)
    assert interval.low == pytest.approx(0.25 - half)
    assert interval.high == pytest.approx(0.25 + half)


def test_one_run_says_nothing_where_fates_depend_on_one_another() -> None:
    assert run_interval([(5, 1000)], 0.5) == Interval(0.0, 1.0)
    assert run_interval([(5, 1000), (0, 0)], 0.5) == Interval(0.0, 1.0)


def test_more_looks_widen_the_interval_of_runs() -> None:
    runs = [(10, 100), (14, 100), (8, 100)]
    once, often = run_interval(runs, 0.95), run_interval(runs, 0.95, looks=10)
    assert often.low < once.low
    assert often.high > once.high


@pytest.mark.parametrize(
    ("low", "high", "standing"),
    [
        (Fraction(1, 10), Fraction(1, 2), Standing.INSIDE),
        (None, Fraction(3, 10), Standing.INSIDE),
        (Fraction(7, 50), None, Standing.INSIDE),
        (Fraction(1, 5), None, Standing.ACROSS),
        (None, Fraction(1, 5), Standing.ACROSS),
        (Fraction(2, 5), None, Standing.OUTSIDE),
        (None, Fraction(1, 10), Standing.OUTSIDE),
        (Fraction(1, 5), Fraction(1, 5), Standing.INSIDE),
        (Fraction(2, 5), Fraction(2, 5), Standing.OUTSIDE),
    ],
)
def test_an_interval_stands_inside_outside_or_across(
    low: Fraction | None, high: Fraction | None, standing: Standing
) -> None:
    assert decide(Interval(0.15, 0.3), Range(low, high)) is standing


@given(st.integers(1, 500), st.data())
def test_nought_and_hundred_percent_mean_none_and_all(total: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, total))
    for intervals in (clopper_pearson, confidence_sequence):
        interval = intervals(hits, total, 0.999999)
        none, every = Range(Fraction(0), Fraction(0)), Range(Fraction(1), Fraction(1))
        assert (decide(interval, none) is Standing.INSIDE) == (hits == 0)
        assert (decide(interval, every) is Standing.INSIDE) == (hits == total)


@pytest.mark.parametrize(("hits", "total"), [(0, 0), (3, 2), (-1, 2)])
def test_what_is_no_count_of_trials_is_refused(hits: int, total: int) -> None:
    for intervals in (clopper_pearson, confidence_sequence):
        with pytest.raises(ValueError, match="no interval"):
            intervals(hits, total, 0.95)


def test_certainty_is_everything() -> None:
    assert clopper_pearson(5, 10, 1) == Interval(0.0, 1.0)
    assert confidence_sequence(5, 10, 1) == Interval(0.0, 1.0)
