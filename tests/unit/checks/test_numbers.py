"""Quantiles, jitter and goodput against sums done by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import MS, Story, scenario

from harness.checks.event_index import EventIndex
from harness.checks.flights import Flight, flights_of
from harness.checks.numbers import Sample, goodput, jitter, latencies, quantile, span
from harness.trace.events import Sent


def samples(*values: float) -> list[Sample]:
    return [Sample(value, value, value) for value in values]


def counted(story: Story) -> tuple[Flight, ...]:
    index = EventIndex(scenario(), story.events)
    sents = [event for event in story.events if isinstance(event, Sent)]
    (flow,) = flights_of(sents, index.fates)
    return flow.counted


@pytest.mark.parametrize(
    ("percent", "value"),
    [(0, 15), (5, 15), (20, 15), (21, 20), (30, 20), (40, 20), (50, 35), (99, 50), (100, 50)],
)
def test_a_quantile_is_the_nearest_rank(percent: int, value: int) -> None:
    assert quantile(samples(15, 20, 35, 40, 50), Fraction(percent, 100)).value == value


@given(st.lists(st.integers(-50, 50), min_size=1), st.fractions(0, 1))
def test_a_quantile_is_the_least_sample_that_enough_do_not_exceed(
    values: list[int], share: Fraction
) -> None:
    found = quantile(samples(*values), share).value
    assert sum(value <= found for value in values) >= share * len(values)
    assert found in values
    below = [value for value in values if value < found]
    assert len(below) < share * len(values) or not below


def test_what_never_came_is_longer_than_any() -> None:
    assert quantile(samples(1, math.inf, 2), Fraction(1)).value == math.inf
    assert quantile(samples(1, math.inf, 2), Fraction(2, 3)).value == 2


def test_lag_widens_a_span_by_what_each_end_may_be_off() -> None:
    story = Story()
    sent = story.sends("a>b", 10, lag=2 * MS)
    sample = span(sent, story.arrives(sent, 30, lag=5 * MS))
    assert (sample.value, sample.least, sample.most) == (20 * MS, 15 * MS, 22 * MS)
    assert sample.evidence == (1, 2)


def test_latency_is_to_the_first_of_several_copies_and_leaves_out_what_was_lost() -> None:
    story = Story()
    sent = story.sends("a>b", 10)
    story.copies(sent, 10)
    story.arrives(sent, 17, copy=1)
    story.arrives(sent, 30)
    story.drops(story.sends("a>b", 40), 40)
    assert [sample.value for sample in latencies(counted(story))] == [7 * MS]


def test_jitter_is_the_estimator_of_rfc_3550() -> None:
    story = Story()
    for sent_ms, arrived_ms in [(0, 10), (20, 34), (40, 50), (60, 70)]:
        story.arrives(story.sends("a>b", sent_ms), arrived_ms)
    # D = 4, 4, 0 ms: J = 4/16, then J + (4 - J)/16, then J - J/16
    first = 4 / 16
    second = first + (4 - first) / 16
    sample = jitter(counted(story))
    assert sample is not None
    assert sample.value == pytest.approx((second - second / 16) * MS)
    assert (sample.least, sample.most) == (sample.value, sample.value)


def test_jitter_goes_by_the_order_of_arrival() -> None:
    story = Story()
    first, second = story.sends("a>b", 0), story.sends("a>b", 10)
    story.arrives(second, 12)
    story.arrives(first, 20)
    sample = jitter(counted(story))
    assert sample is not None
    assert sample.value == 18 * MS / 16  # (20 - 12) - (0 - 10)


def test_lag_bounds_the_jitter_on_both_sides() -> None:
    story = Story()
    for sent_ms, arrived_ms in [(0, 10), (20, 34), (40, 50)]:
        story.arrives(story.sends("a>b", sent_ms), arrived_ms, lag=1 * MS)
    sample = jitter(counted(story))
    assert sample is not None
    assert sample.least < sample.value < sample.most


def test_one_arrival_has_no_jitter_and_no_goodput() -> None:
    story = Story()
    story.arrives(story.sends("a>b", 0), 10)
    story.drops(story.sends("a>b", 5), 5)
    assert jitter(counted(story)) is None
    assert goodput(counted(story)) is None


def test_goodput_is_bits_of_payload_for_each_second_between_first_and_last() -> None:
    story = Story()
    for at_ms in (0, 250, 500):
        story.arrives(story.sends("a>b", at_ms, payload=b"x" * 100), at_ms + 10)
    story.drops(story.sends("a>b", 300, payload=b"x" * 5000), 300)
    sample = goodput(counted(story))
    assert sample is not None
    assert sample.value == 3 * 800 * 2


def test_lag_may_make_goodput_unbounded() -> None:
    story = Story()
    story.arrives(story.sends("a>b", 0), 10)
    story.arrives(story.sends("a>b", 0), 11, lag=2 * MS)
    sample = goodput(counted(story))
    assert sample is not None
    assert sample.most == math.inf
    assert sample.least == sample.value
