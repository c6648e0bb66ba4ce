"""Delay, jitter, rate, limit and reordering: times to the nanosecond."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.link.direction import Direction
from harness.link.fabric import Fabric
from harness.link.fate import Conditions, Fate, Packet
from harness.link.impairment import FULL, Draw

MS = 1_000_000
HIT, MISS = 0, FULL


def silent(name: str) -> Draw:
    """A stream that nobody may draw from."""

    def refuse() -> int:
        raise AssertionError(f"{name} drew")

    return refuse


def arrivals(conditions: Conditions, *sent: tuple[int, int], draws: object = silent) -> list[int]:
    """When each of ``(now, wire bytes)`` arrives."""
    direction = Direction("a>b", draws)  # type: ignore[arg-type]
    fates = [
        direction.decide(Packet(n, wire - 42, wire), now_ns, conditions)[0]
        for n, (now_ns, wire) in enumerate(sent, 1)
    ]
    return [fate.at_ns for fate in fates]


def scripted(*numbers: int) -> object:
    left = list(numbers)
    return lambda name: lambda: left.pop(0)


def test_a_delay_without_jitter_is_exact_and_draws_nothing() -> None:
    assert arrivals(Conditions(delay_ns=20 * MS), (5, 100)) == [5 + 20 * MS]


@pytest.mark.parametrize(
    ("number", "delay_ns"),
    [(0, 10 * MS - 300), (599, 10 * MS + 299), (600, 10 * MS - 300), (300, 10 * MS)],
)
def test_jitter_is_an_even_half_range_that_leaves_out_its_upper_end(
    number: int, delay_ns: int
) -> None:
    conditions = Conditions(delay_ns=10 * MS, jitter_ns=300)
    assert arrivals(conditions, (0, 100), draws=scripted(number)) == [delay_ns]


def test_jitter_beyond_the_delay_means_at_once_and_never_earlier() -> None:
    conditions = Conditions(delay_ns=1 * MS, jitter_ns=5 * MS)
    assert arrivals(conditions, (7, 100), draws=scripted(0)) == [7]


def test_jitter_is_capped_where_netem_caps_it() -> None:
    conditions = Conditions(delay_ns=5000 * MS, jitter_ns=4000 * MS)
    assert arrivals(conditions, (0, 100), draws=scripted(0)) == [5000 * MS - ((1 << 31) - 1)]


def test_jitter_spreads_evenly() -> None:
    # Of Binomial(8000, 1/4): outside 1805 .. 2195 has a chance below 1e-6 for each quarter.
    fabric = Fabric(1)
    conditions = Conditions(delay_ns=10 * MS, jitter_ns=4 * MS)
    quarters = [0, 0, 0, 0]
    for _ in range(8000):
        (fate,) = fabric.decide(
            "a", "b", payload_bytes=0, wire_bytes=42, now_ns=0, conditions=conditions
        )
        quarters[(fate.at_ns - 6 * MS) // (2 * MS)] += 1
    assert all(1805 <= quarter <= 2195 for quarter in quarters)


def test_jitter_alone_lets_packets_overtake() -> None:
    conditions = Conditions(delay_ns=10 * MS, jitter_ns=5 * MS)
    first, second = arrivals(conditions, (0, 100), (1, 100), draws=scripted(9 * MS, 0))
    assert second < first


def test_an_idle_line_charges_the_whole_first_packet() -> None:
    assert arrivals(Conditions(rate_bps=8_000_000), (3, 1000)) == [3 + 1 * MS]


def test_the_time_on_the_line_is_one_integer_division() -> None:
    assert arrivals(Conditions(rate_bps=3_000_000), (0, 100)) == [266_666]


def test_packets_queue_behind_one_another() -> None:
    times = arrivals(Conditions(rate_bps=8_000_000), (0, 1000), (0, 1000), (500_000, 2000))
    assert times == [1 * MS, 2 * MS, 4 * MS]


def test_delay_is_not_added_again_under_backlog() -> None:
    conditions = Conditions(rate_bps=8_000_000, delay_ns=10 * MS)
    assert arrivals(conditions, (0, 1000), (0, 1000)) == [11 * MS, 12 * MS]


def test_what_the_backlog_does_not_cover_of_the_delay_is_added() -> None:
    # At 9 ms the tail leaves 2 ms later; 8 ms of the delay are left over.
    conditions = Conditions(rate_bps=8_000_000, delay_ns=10 * MS)
    assert arrivals(conditions, (0, 1000), (9 * MS, 1000)) == [11 * MS, 20 * MS]


def test_an_emptied_line_is_idle_again() -> None:
    assert arrivals(Conditions(rate_bps=8_000_000), (0, 1000), (1 * MS, 1000)) == [1 * MS, 2 * MS]


@given(
    st.lists(st.tuples(st.integers(0, 3 * MS), st.integers(42, 1500)), min_size=2, max_size=30),
    st.integers(0, 20 * MS),
    st.integers(64_000, 100_000_000),
)
def test_with_a_rate_jitter_does_not_reorder(
    gaps: list[tuple[int, int]], jitter_ns: int, rate_bps: int
) -> None:
    fabric = Fabric(3)
    conditions = Conditions(delay_ns=20 * MS, jitter_ns=jitter_ns, rate_bps=rate_bps)
    now_ns, times = 0, []
    for gap_ns, wire in gaps:
        now_ns += gap_ns
        (fate,) = fabric.decide(
            "a", "b", payload_bytes=wire - 42, wire_bytes=wire, now_ns=now_ns, conditions=conditions
        )
        times.append(fate.at_ns)
    assert times == sorted(times)


def fates(conditions: Conditions, *sent_ns: int, draws: object = silent) -> list[Fate]:
    direction = Direction("a>b", draws)  # type: ignore[arg-type]
    return [
        direction.decide(Packet(n, 58, 100), now_ns, conditions)[0]
        for n, now_ns in enumerate(sent_ns, 1)
    ]


def test_a_full_queue_drops_at_the_tail_until_one_has_left() -> None:
    course = fates(Conditions(delay_ns=10, limit=2), 0, 1, 2, 9, 10, 10)
    assert [fate.drop for fate in course] == [None, None, "queue", "queue", None, "queue"]
    assert course[2].at_ns == 2


def test_a_limit_of_none_counts_nothing_and_zero_lets_nothing_pass() -> None:
    assert all(fate.drop is None for fate in fates(Conditions(delay_ns=10), *[0] * 2000))
    assert fates(Conditions(limit=0), 0)[0].drop == "queue"


def test_lost_packets_do_not_wait_but_corrupt_ones_do() -> None:
    half = Fraction(1, 2)
    for fault, expected in (("loss", None), ("corrupt", "queue")):
        conditions = Conditions(delay_ns=10, limit=1, **{fault: half})  # type: ignore[arg-type]
        _, second = fates(conditions, 0, 1, draws=scripted(HIT, MISS))
        assert second.drop == expected


def test_packets_on_their_way_count_when_a_limit_comes_later() -> None:
    direction = Direction("a>b", silent)
    direction.decide(Packet(1, 58, 100), 0, Conditions(delay_ns=10))
    (fate,) = direction.decide(Packet(2, 58, 100), 1, Conditions(delay_ns=10, limit=1))
    assert fate.drop == "queue"


def test_a_later_change_does_not_touch_what_is_on_its_way() -> None:
    direction = Direction("a>b", silent)
    slow = direction.decide(Packet(1, 58, 100), 0, Conditions(delay_ns=10 * MS))
    fast = direction.decide(Packet(2, 58, 100), 1, Conditions(delay_ns=1 * MS))
    assert (slow, fast) == ((Fate(10 * MS),), (Fate(1 * MS + 1),))


def test_inside_the_gap_nothing_is_drawn_and_everything_is_delayed() -> None:
    conditions = Conditions(delay_ns=10 * MS, reorder=Fraction(1, 2), gap=3)
    # 1, 2: in the gap. 3: not chosen. 4: chosen, the count begins anew. 5, 6: in the gap. 7.
    course = fates(conditions, *range(7), draws=scripted(MISS, HIT, HIT))
    assert [fate.at_ns - n < 10 * MS for n, fate in enumerate(course)] == [
        *(False, False, False, True),
        *(False, False, True),
    ]


def test_reorder_alone_has_a_gap_of_one() -> None:
    course = fates(Conditions(delay_ns=10 * MS, reorder=Fraction(1)), 0, 1, draws=scripted(0, 0))
    assert [fate.at_ns for fate in course] == [0, 1]


def test_a_reordered_packet_takes_no_room_in_the_queue() -> None:
    conditions = Conditions(delay_ns=10, reorder=Fraction(1, 2), limit=1)
    course = fates(conditions, 0, 1, draws=scripted(HIT, MISS))
    assert [fate.drop for fate in course] == [None, None]
