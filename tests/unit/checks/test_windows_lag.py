"""Bounds and lag: what is met is met, what is missed by no more than the lag is inconclusive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from traces import (
    SECOND,
    Story,
    delivered,
    each,
    expect,
    judged,
    never,
    outcome,
    output,
    secs,
    sent,
    whenever,
)

from harness.checks.verdict import Outcome
from harness.scenario.model import AtPattern, AtTime, During
from harness.units import Range

BEAT = delivered("alice -> server")
EXPIRED = output("server", "expired")
EXPIRY = expect(EXPIRED, anchor=each(BEAT), within=secs(10, 11))


def story(at: float, *, anchor_lag: float = 0, lag: float = 0, end: float = 60) -> Story:
    told = Story()
    told.passes(0, "alice->server", lag=anchor_lag)
    told.prints(at, "server", "expired", lag=lag)
    return told.ends(end)


class TestOneMatch:
    @pytest.mark.parametrize("at", [10, 10.3, 11])
    def test_a_bound_that_is_met_is_met_however_large_the_lag(self, at):
        found = judged(EXPIRY, story(at, anchor_lag=5, lag=5))
        assert found.outcome is Outcome.PASSED
        assert found.resolution_ns == 10_000_000_000

    @pytest.mark.parametrize("at", [9.98, 11.02])
    def test_missed_by_less_than_the_lag_is_inconclusive(self, at):
        found = judged(EXPIRY, story(at, anchor_lag=0.01, lag=0.015))
        assert found.outcome is Outcome.INCONCLUSIVE
        assert f"{at:g} s after" in found.reason
        assert "lag of 0.025 s" in found.reason

    @pytest.mark.parametrize("at", [9.97, 11.03])
    def test_missed_by_more_than_the_lag_fails(self, at):
        assert outcome(EXPIRY, story(at, anchor_lag=0.01, lag=0.015)) is Outcome.FAILED

    def test_lag_of_other_events_does_not_count(self):
        told = Story()
        told.passes(0, "alice->server")
        told.prints(5, "bob", "slow", lag=4)
        told.prints(11.5, "server", "expired")
        assert outcome(EXPIRY, told.ends(60)) is Outcome.FAILED

    def test_no_match_at_all_fails_whatever_the_lag(self):
        told = Story()
        told.passes(0, "alice->server", lag=9)
        assert outcome(EXPIRY, told.ends(60)) is Outcome.FAILED

    @given(st.integers(8_000, 13_000), st.integers(0, 900), st.integers(0, 900))
    def test_more_lag_never_makes_it_worse(self, at_ms, anchor_ms, lag_ms):
        slow = story(at_ms / 1000, anchor_lag=anchor_ms / 1000, lag=lag_ms / 1000)
        miss = max(10_000 - at_ms, at_ms - 11_000, 0)
        expected = Outcome.PASSED
        if miss:
            inside = miss <= anchor_ms + lag_ms
            expected = Outcome.INCONCLUSIVE if inside else Outcome.FAILED
        assert outcome(EXPIRY, slow) is expected


class TestNever:
    PLAIN = never(EXPIRED, anchor=each(BEAT), within=secs(0, 5))

    def test_a_match_at_the_edge_is_inconclusive(self):
        assert outcome(self.PLAIN, story(4.99, lag=0.02)) is Outcome.INCONCLUSIVE
        assert outcome(self.PLAIN, story(0.01, lag=0.02)) is Outcome.INCONCLUSIVE

    def test_a_match_well_inside_fails(self):
        assert outcome(self.PLAIN, story(4.9, lag=0.02)) is Outcome.FAILED

    def test_a_match_outside_holds_however_near(self):
        assert outcome(self.PLAIN, story(5.001, lag=0.02)) is Outcome.PASSED

    def test_the_end_of_the_run_is_no_bound_that_lag_moves(self):
        assert outcome(never(EXPIRED), story(59.99, lag=0.5)) is Outcome.FAILED
        plain = never(EXPIRED, anchor=each(BEAT))
        assert outcome(plain, story(59.99, lag=0.5)) is Outcome.FAILED

    def test_the_bounds_of_during_are_moved_too(self):
        plain = never(EXPIRED, during=During(AtTime(5_000_000_000), None))
        assert outcome(plain, story(5.01, lag=0.02)) is Outcome.INCONCLUSIVE
        assert outcome(plain, story(5.03, lag=0.02)) is Outcome.FAILED

    @pytest.mark.parametrize(
        ("at", "expected"), [(5.02, Outcome.INCONCLUSIVE), (5.04, Outcome.FAILED)]
    )
    def test_the_lag_of_what_begins_during_counts_as_well(self, at, expected):
        told = Story()
        told.prints(5, "server", "go", lag=0.03)
        told.prints(at, "server", "expired")
        plain = never(EXPIRED, during=During(AtPattern(output("server", "go")), None))
        assert outcome(plain, told.ends(60)) is expected


class TestCount:
    def test_one_too_many_at_the_edge_is_inconclusive(self):
        told = Story()
        told.passes(0, "alice->server")
        told.prints(1, "server", "expired")
        told.prints(4.99, "server", "expired", lag=0.02)
        plain = expect(EXPIRED, anchor=each(BEAT), within=secs(0, 5), count=Range(1, 1))
        assert outcome(plain, told.ends(60)) is Outcome.INCONCLUSIVE

    def test_two_too_many_of_which_one_at_the_edge_fail(self):
        told = Story()
        told.passes(0, "alice->server")
        for at, lag in ((1, 0), (2, 0), (4.99, 0.02)):
            told.prints(at, "server", "expired", lag=lag)
        plain = expect(EXPIRED, anchor=each(BEAT), within=secs(0, 5), count=Range(1, 1))
        assert outcome(plain, told.ends(60)) is Outcome.FAILED


class TestOrder:
    def test_a_line_read_just_after_the_next_beat_may_have_come_before_it(self):
        told = Story()
        told.passes(0, "alice->server")
        told.passes(10.5, "alice->server")
        told.prints(10.501, "server", "expired", lag=0.002)
        told.prints(21, "server", "expired")
        plain = expect(EXPIRED, anchor=whenever(BEAT), within=secs(10, 11), unless=BEAT)
        assert outcome(plain, told.ends(60)) is Outcome.INCONCLUSIVE

    def test_but_not_one_that_was_read_at_once(self):
        told = Story()
        told.passes(0, "alice->server")
        told.passes(10.5, "alice->server")
        told.prints(10.501, "server", "expired")
        told.prints(21, "server", "expired")
        plain = expect(EXPIRED, anchor=whenever(BEAT), within=secs(10, 11), unless=BEAT)
        assert outcome(plain, told.ends(60)) is Outcome.FAILED

    def test_what_comes_later_by_number_is_not_before_by_a_kernel_stamp(self):
        told = Story()
        told.prints(1, "alice", "ask")
        told.sends(0.9999, "alice->server")
        plain = expect(
            sent("alice -> server"), anchor=each(output("alice", "ask")), within=secs(0, 1)
        )
        assert outcome(plain, told.ends(60)) is Outcome.PASSED


@given(st.lists(st.tuples(st.integers(0, 600), st.sampled_from(["beat", "expired"])), max_size=12))
def test_noise_on_other_flows_changes_nothing(happened):
    quiet, noisy = Story(), Story()
    for tenth, what in sorted(happened):
        for told in (quiet, noisy):
            if what == "beat":
                told.passes(tenth / 10, "alice->server")
            else:
                told.prints(tenth / 10, "server", "expired")
        noisy.passes(tenth / 10, "bob->server", b"expired")
        noisy.passes(tenth / 10, "server->alice", b"beat")
        noisy.prints(tenth / 10, "bob", "expired")
    plain = expect(EXPIRED, anchor=each(BEAT), within=secs(10, 11), unless=BEAT)
    assert outcome(plain, quiet.ends(60)) is outcome(plain, noisy.ends(60))


@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from("ABU")), max_size=14))
def test_expect_agrees_with_the_table_read_naively(happened):
    """The table of section 11, word by word and without any index, for ``whenever``."""
    told = Story()
    for tenth, what in sorted(happened, key=lambda pair: pair[0]):
        told.prints(tenth / 10, "server", what)
    told.ends(25)
    events = [(event.t, event.n, event.line) for event in told.events[:-1] if event.t <= 25e9]
    expected = Outcome.PASSED
    for t, n, what in events:
        if what == "A" and _naive(t, n, events) == "fails":
            expected = Outcome.FAILED
    plain = expect(
        output("server", "B"),
        anchor=whenever(output("server", "A")),
        within=secs(2, 4),
        unless=output("server", "U"),
        count=Range(1, 2),
    )
    told = Story()
    for t, _, what in events:
        told.prints(t / 1e9, "server", what)
    assert outcome(plain, told.ends(25)) is expected


def _naive(t: int, n: int, events: list[tuple[int, int, str]]) -> str:
    low, high = t + 2e9, t + 4e9
    ends = [number for at, number, what in events if what == "U" and number > n and at <= high]
    last = min(ends, default=1 << 60)
    matches = [at for at, number, what in events if what == "B" and n < number <= last]
    inside = [at for at in matches if low <= at <= high]
    if any(at < low for at in matches) or len(inside) > 2:
        return "fails"
    return "fails" if not inside and not ends and high <= 25e9 else "holds or is open"


class TestTheEnd:
    """What reaches to E is closed, what reaches beyond it is not."""

    def told(self, end: float) -> Story:
        told = Story()
        told.passes(0, "alice->server")
        return told.ends(end)

    @pytest.mark.parametrize(
        ("end", "expected"), [(5, Outcome.FAILED), (4.999, Outcome.INCONCLUSIVE)]
    )
    @pytest.mark.parametrize("anchor", [None, each(BEAT)])
    def test_of_a_window(self, anchor, end, expected):
        plain = expect(EXPIRED, anchor=anchor, within=secs(0, 5))
        assert outcome(plain, self.told(end)) is expected
        calm = Outcome.PASSED if expected is Outcome.FAILED else Outcome.INCONCLUSIVE
        assert outcome(never(EXPIRED, anchor=anchor, within=secs(0, 5)), self.told(end)) is calm

    @pytest.mark.parametrize(("low", "high"), [(0, 5), (5, None), (5, 5)])
    def test_of_during(self, low, high):
        during = During(AtTime(low * SECOND), None if high is None else AtTime(high * SECOND))
        assert outcome(never(EXPIRED, during=during), self.told(5)) is Outcome.PASSED
        assert outcome(expect(EXPIRED, during=during), self.told(5)) is Outcome.FAILED
        assert outcome(never(EXPIRED, during=during), self.told(4)) is Outcome.INCONCLUSIVE


class TestLookingBack:
    PLAIN = expect(
        output("server", "asked"), anchor=each(output("server", "done")), within=secs(-2, -1)
    )

    def told(self, *at: float) -> Story:
        told = Story()
        for moment in at:
            told.prints(moment, "server", "asked")
        told.prints(10, "server", "done")
        return told.ends(60)

    def test_a_match_in_the_window_passes(self):
        assert outcome(self.PLAIN, self.told(8.5)) is Outcome.PASSED

    @pytest.mark.parametrize("at", [(9.5,), (8.5, 9.5)])
    def test_a_match_nearer_than_the_window_fails_whatever_lies_in_it(self, at):
        found = judged(self.PLAIN, self.told(*at))
        assert found.outcome is Outcome.FAILED
        assert "later than" in found.reason


class TestOpenEnd:
    """A window that was to begin after E proves nothing."""

    LATE = secs(10, None)

    def told(self, end: float) -> Story:
        told = Story()
        told.prints(0, "server", "start")
        return told.ends(end)

    @pytest.mark.parametrize("anchor", [None, each(output("server", "start"))])
    @pytest.mark.parametrize("make", [never, expect])
    def test_a_window_that_never_began_is_open(self, make, anchor):
        plain = make(output("server", "late"), anchor=anchor, within=self.LATE)
        found = judged(plain, self.told(2))
        assert found.outcome is Outcome.INCONCLUSIVE
        assert "prolong `until`" in found.reason
        assert found.window_ns == (10_000_000_000, 10_000_000_000)

    @pytest.mark.parametrize("anchor", [None, each(output("server", "start"))])
    def test_one_that_began_reaches_to_the_end_of_the_run(self, anchor):
        for end in (10, 12):
            calm = never(output("server", "late"), anchor=anchor, within=self.LATE)
            assert outcome(calm, self.told(end)) is Outcome.PASSED
            wanted = expect(output("server", "late"), anchor=anchor, within=self.LATE)
            assert outcome(wanted, self.told(end)) is Outcome.FAILED
