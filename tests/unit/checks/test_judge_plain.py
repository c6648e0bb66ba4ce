"""Each row of the table of the language's section 11, on hand-written traces."""

from __future__ import annotations

import pytest
from traces import (
    Story,
    about,
    after,
    delivered,
    each,
    expect,
    judged,
    never,
    ns,
    outcome,
    output,
    scenario,
    secs,
    sent,
    whenever,
)

from harness.checks.verdict import Outcome
from harness.scenario.model import (
    Anchor,
    AtMark,
    AtPattern,
    AtTime,
    During,
    Either,
    Sequence,
    Single,
    Step,
)
from harness.units import Range

BEAT = delivered("alice -> server")
EXPIRED = output("server", "expired")
EXPIRY = expect(EXPIRED, anchor=each(BEAT), within=secs(10, 11), unless=BEAT)


def beats(*times: float, expired: float | None = None, end: float = 60) -> Story:
    story = Story()
    marks = [(time, "beat") for time in times]
    if expired is not None:
        marks.append((expired, "expired"))
    for time, what in sorted(marks):
        if what == "beat":
            story.passes(time, "alice->server")
        else:
            story.prints(time, "server", "expired")
    return story.ends(end)


class TestExpectWithAnchor:
    @pytest.mark.parametrize("at", [10, 10.5, 11])
    def test_holds_when_the_match_comes_in_the_window_whose_ends_belong_to_it(self, at):
        assert outcome(EXPIRY, beats(0, expired=at)) is Outcome.PASSED

    def test_fails_when_the_match_comes_before_the_near_end(self):
        found = judged(EXPIRY, beats(0, expired=9.412))
        assert found.outcome is Outcome.FAILED
        assert "9.412 s after delivered alice->server #1 (event 2)" in found.reason
        assert "10s .. 11s" in found.reason
        assert found.deciding == 3
        assert found.evidence == (2, 3)
        assert found.at_ns == ns(9.412)
        assert found.window_ns == (ns(10), ns(11))

    def test_fails_when_the_match_comes_after_the_far_end(self):
        found = judged(EXPIRY, beats(0, expired=11.25))
        assert found.outcome is Outcome.FAILED
        assert "11.25 s after" in found.reason
        assert found.deciding == 3

    def test_fails_when_no_match_comes_at_all(self):
        assert outcome(EXPIRY, beats(0)) is Outcome.FAILED

    def test_an_anchor_is_excused_when_unless_comes_first(self):
        assert outcome(EXPIRY, beats(0, 2, 4, expired=14.5)) is Outcome.PASSED

    def test_all_anchors_excused_is_nothing_to_judge(self):
        story = beats(0, end=11)
        story = Story()
        story.passes(0, "alice->server")
        story.passes(5, "bob->server")
        plain = expect(
            EXPIRED, anchor=each(BEAT), within=secs(10, 11), unless=delivered("bob -> server")
        )
        found = judged(plain, story.ends(60))
        assert found.outcome is Outcome.FAILED
        assert "nothing to judge" in found.reason

    def test_a_match_after_unless_does_not_count_as_early(self):
        story = Story()
        story.passes(0, "alice->server")
        story.passes(5, "bob->server")
        story.prints(6, "server", "expired")
        plain = expect(
            EXPIRED, anchor=whenever(BEAT), within=secs(10, 11), unless=delivered("bob -> server")
        )
        assert outcome(plain, story.ends(60)) is Outcome.PASSED

    def test_a_match_before_unless_is_early_all_the_same(self):
        story = Story()
        story.passes(0, "alice->server")
        story.prints(4, "server", "expired")
        story.passes(5, "bob->server")
        plain = expect(
            EXPIRED, anchor=whenever(BEAT), within=secs(10, 11), unless=delivered("bob -> server")
        )
        assert outcome(plain, story.ends(60)) is Outcome.FAILED

    def test_unless_after_the_window_excuses_nothing(self):
        story = Story()
        story.passes(0, "alice->server")
        story.passes(12, "bob->server")
        plain = expect(
            EXPIRED, anchor=whenever(BEAT), within=secs(10, 11), unless=delivered("bob -> server")
        )
        assert outcome(plain, story.ends(60)) is Outcome.FAILED

    def test_is_open_when_the_run_ends_inside_the_window(self):
        found = judged(EXPIRY, beats(0, end=10.5))
        assert found.outcome is Outcome.INCONCLUSIVE
        assert "prolong `until`" in found.reason

    def test_an_early_match_is_settled_even_if_the_run_ends_in_the_window(self):
        assert outcome(EXPIRY, beats(0, expired=5, end=10.5)) is Outcome.FAILED

    def test_one_anchor_that_holds_is_enough_where_others_are_open(self):
        assert outcome(EXPIRY, beats(0, 20, expired=10.5, end=25)) is Outcome.PASSED

    def test_without_within_the_window_reaches_to_the_end_and_is_closed_there(self):
        plain = expect(EXPIRED, anchor=each(BEAT))
        assert outcome(plain, beats(0, expired=59)) is Outcome.PASSED
        assert outcome(plain, beats(0)) is Outcome.FAILED

    def test_what_comes_after_the_end_is_not_judged(self):
        story = beats(0, end=20)
        story.prints(10.5, "server", "expired")
        assert outcome(expect(EXPIRED, anchor=each(BEAT)), story) is Outcome.FAILED

    def test_the_event_that_ends_the_run_belongs_to_it(self):
        story = Story()
        story.passes(0, "alice->server")
        story.exits(3, "alice")
        assert outcome(expect(about("exit", "alice")), story.ends(3)) is Outcome.PASSED


class TestCount:
    def ask(self, answers: int, count: Range, end: float = 60) -> Outcome:
        story = Story()
        story.prints(1, "alice", "ask")
        for number in range(answers):
            story.prints(2 + number / 10, "alice", "answer")
        plain = expect(
            output("alice", "answer"),
            anchor=each(output("alice", "ask")),
            within=secs(0, 5),
            count=count,
        )
        return outcome(plain, story.ends(end))

    @pytest.mark.parametrize(
        ("answers", "expected"),
        [(0, Outcome.FAILED), (1, Outcome.FAILED), (2, Outcome.PASSED), (4, Outcome.FAILED)],
    )
    def test_bounds_the_matches_from_both_sides(self, answers, expected):
        assert self.ask(answers, Range(2, 3)) is expected

    def test_none_is_fine_with_zero(self):
        assert self.ask(0, Range(0, 0)) is Outcome.PASSED
        assert self.ask(1, Range(0, 0)) is Outcome.FAILED

    def test_an_upper_bound_is_open_while_more_may_come(self):
        assert self.ask(1, Range(1, 1), end=4) is Outcome.INCONCLUSIVE

    def test_too_many_is_settled_at_once(self):
        assert self.ask(2, Range(1, 1), end=4) is Outcome.FAILED

    def test_enough_is_settled_at_once_without_an_upper_bound(self):
        assert self.ask(1, Range(1, None), end=4) is Outcome.PASSED

    def test_of_a_sequence_is_how_often_it_completes(self):
        story = Story()
        for second in (1, 2, 3):
            story.prints(second, "alice", "ask")
            story.prints(second + 0.5, "alice", "answer")
        both = Sequence((output("alice", "ask"), output("alice", "answer")), EXPIRED.place)
        assert outcome(expect(both, count=Range(3, 3)), story.ends(9)) is Outcome.PASSED
        assert outcome(expect(both, count=Range(2, 2)), story) is Outcome.FAILED


class TestNever:
    REFUSED = output("alice", "refused")

    def story(self, at: float | None, unless: float | None = None, end: float = 60) -> Story:
        story = Story()
        story.passes(0, "alice->server")
        for time in sorted(t for t in (at, unless) if t is not None):
            if time == at:
                story.prints(time, "alice", "refused")
            else:
                story.passes(time, "bob->server")
        return story.ends(end)

    def plain(self, word=each):
        other = delivered("bob -> server")
        return never(self.REFUSED, anchor=word(BEAT), within=secs(0, 5), unless=other)

    def test_fails_on_a_match_in_the_window(self):
        found = judged(self.plain(), self.story(3))
        assert found.outcome is Outcome.FAILED
        assert found.deciding == 3

    def test_holds_without_one(self):
        assert outcome(self.plain(), self.story(None)) is Outcome.PASSED

    def test_a_match_outside_the_window_is_none(self):
        assert outcome(self.plain(), self.story(5.1)) is Outcome.PASSED

    def test_is_open_when_the_run_ends_first(self):
        assert outcome(self.plain(), self.story(None, end=4)) is Outcome.INCONCLUSIVE

    def test_unless_closes_the_window(self):
        assert outcome(self.plain(), self.story(None, unless=2, end=4)) is Outcome.PASSED
        assert outcome(self.plain(), self.story(3, unless=2)) is Outcome.PASSED

    def test_over_the_whole_run(self):
        assert outcome(never(self.REFUSED), self.story(30)) is Outcome.FAILED
        assert outcome(never(self.REFUSED), self.story(None)) is Outcome.PASSED

    def test_sees_what_happened_before_zero(self):
        story = Story()
        story.prints(-2, "alice", "refused")
        assert outcome(never(self.REFUSED), story.ends(5)) is Outcome.FAILED


class TestAnchorWords:
    def test_after_must_happen(self):
        plain = expect(EXPIRED, anchor=after(BEAT))
        found = judged(plain, Story().ends(60))
        assert found.outcome is Outcome.FAILED
        assert "never came" in found.reason

    def test_each_needs_one_anchor_that_holds(self):
        assert outcome(EXPIRY, Story().ends(60)) is Outcome.FAILED

    def test_whenever_is_fine_with_none(self):
        plain = expect(EXPIRED, anchor=whenever(BEAT), within=secs(10, 11))
        assert outcome(plain, Story().ends(60)) is Outcome.PASSED

    def test_whenever_passes_while_anchors_are_open(self):
        plain = expect(EXPIRED, anchor=whenever(BEAT), within=secs(10, 11))
        assert outcome(plain, beats(0, end=5)) is Outcome.PASSED

    def test_after_looks_at_the_first_match_alone(self):
        plain = expect(EXPIRED, anchor=after(BEAT), within=secs(10, 11))
        assert outcome(plain, beats(0, 30, expired=10.5)) is Outcome.PASSED
        whole = expect(EXPIRED, anchor=each(BEAT), within=secs(10, 11))
        assert outcome(whole, beats(0, 30, expired=10.5)) is Outcome.FAILED

    def test_an_instant_beyond_the_end_has_not_come(self):
        plain = expect(EXPIRED, anchor=Anchor("after", AtTime(ns(30))))
        assert outcome(plain, beats(0, end=20)) is Outcome.FAILED

    def test_zero_is_the_anchor_of_within_alone(self):
        plain = expect(EXPIRED, within=secs(0, 8))
        assert outcome(plain, beats(expired=8)) is Outcome.PASSED
        assert outcome(plain, beats(expired=8.01)) is Outcome.FAILED
        assert outcome(plain, beats(end=7)) is Outcome.INCONCLUSIVE

    def test_the_anchor_is_no_match_of_its_own(self):
        plain = expect(BEAT, anchor=each(BEAT), within=secs(0, 1))
        assert outcome(plain, beats(5)) is Outcome.FAILED
        assert outcome(plain, beats(5, 5.5)) is Outcome.FAILED
        most = expect(BEAT, anchor=each(BEAT), within=secs(0, 1), count=Range(None, 0))
        assert outcome(most, beats(5)) is Outcome.PASSED

    def test_nth_picks_the_anchor(self):
        plain = expect(
            EXPIRED, anchor=after(delivered("alice -> server", nth=2)), within=secs(0, 1)
        )
        assert outcome(plain, beats(0, 10, expired=10.5)) is Outcome.PASSED

    def test_plus_moves_the_anchor(self):
        moved = delivered("alice -> server", plus_ns=ns(5))
        plain = expect(EXPIRED, anchor=after(moved), within=secs(0, 1))
        assert outcome(plain, beats(0, expired=5.5)) is Outcome.PASSED
        assert outcome(plain, beats(0, expired=0.5)) is Outcome.FAILED


class TestLookingBack:
    LATE = expect(
        output("alice", "frame"), anchor=each(output("bob", "played")), within=secs(-0.15, 0)
    )

    def story(self, frame: float, played: float) -> Story:
        story = Story()
        for time, host, line in sorted([(frame, "alice", "frame"), (played, "bob", "played")]):
            story.prints(time, host, line)
        return story.ends(9)

    def test_finds_the_match_before_the_anchor(self):
        assert outcome(self.LATE, self.story(1, 1.1)) is Outcome.PASSED

    def test_not_one_too_long_ago(self):
        assert outcome(self.LATE, self.story(1, 1.2)) is Outcome.FAILED

    def test_nor_one_that_comes_later(self):
        assert outcome(self.LATE, self.story(1.1, 1)) is Outcome.FAILED

    def test_an_open_beginning_reaches_back_to_the_first_event(self):
        plain = expect(
            output("alice", "frame"), anchor=each(output("bob", "played")), within=secs(None, 0)
        )
        assert outcome(plain, self.story(1, 8)) is Outcome.PASSED
        assert outcome(plain, self.story(8, 1)) is Outcome.FAILED

    def test_a_window_that_ends_before_the_anchor_forbids_what_lies_between(self):
        plain = expect(
            output("alice", "frame"), anchor=each(output("bob", "played")), within=secs(-2, -1)
        )
        assert outcome(plain, self.story(1, 2.5)) is Outcome.PASSED
        assert outcome(plain, self.story(1, 1.5)) is Outcome.FAILED


class TestDuring:
    def test_says_which_matches_count(self):
        early = never(EXPIRED, during=During(AtTime(ns(5)), None))
        assert outcome(early, beats(expired=4)) is Outcome.PASSED
        assert outcome(early, beats(expired=6)) is Outcome.FAILED

    def test_says_which_anchors_count(self):
        plain = expect(EXPIRED, anchor=each(BEAT), within=secs(0, 1), during=During(AtTime(ns(20))))
        assert outcome(plain, beats(0, 30, expired=30.5)) is Outcome.PASSED
        assert outcome(plain, beats(0, expired=0.5)) is Outcome.FAILED

    def test_a_mark_is_its_beginning_to_its_end(self):
        story = Story()
        story.fault(10, "cut")
        story.prints(12, "server", "expired")
        story.fault(15, "cut", on=False)
        story.prints(16, "server", "gone")
        window = During(AtMark("cut", EXPIRED.place), AtMark("cut", EXPIRED.place, end=True))
        assert outcome(expect(EXPIRED, during=window), story.ends(60)) is Outcome.PASSED
        assert outcome(never(EXPIRED, during=window), story) is Outcome.FAILED
        assert outcome(never(output("server", "gone"), during=window), story) is Outcome.PASSED

    def test_a_mark_that_never_ends_lasts_to_the_end_of_the_run(self):
        story = Story()
        story.fault(10, "cut")
        window = During(AtMark("cut", EXPIRED.place), AtMark("cut", EXPIRED.place, end=True))
        step = Step(0, EXPIRED.place, "cut", at=AtTime(ns(10)), mark="cut")
        of = scenario(timeline=(step,))
        assert outcome(never(EXPIRED, during=window), story.ends(60), of) is Outcome.PASSED

    def test_a_mark_whose_end_the_run_did_not_see_leaves_it_open(self):
        story = Story()
        story.fault(10, "cut")
        window = During(AtMark("cut", EXPIRED.place), AtMark("cut", EXPIRED.place, end=True))
        step = Step(0, EXPIRED.place, "cut", at=AtTime(ns(10)), mark="cut", lasts_ns=ns(90))
        of = scenario(timeline=(step,))
        assert outcome(never(EXPIRED, during=window), story.ends(60), of) is Outcome.INCONCLUSIVE

    def test_a_beginning_that_never_came_is_nothing_to_judge(self):
        window = During(AtPattern(output("server", "up")), None)
        assert outcome(never(EXPIRED, during=window), Story().ends(60)) is Outcome.FAILED

    def test_a_time_that_the_run_did_not_reach_is_open(self):
        window = During(AtTime(ns(30)), None)
        assert outcome(never(EXPIRED, during=window), Story().ends(20)) is Outcome.INCONCLUSIVE

    def test_a_plain_end_beyond_the_run_is_open(self):
        window = During(None, AtTime(ns(30)))
        assert outcome(never(EXPIRED, during=window), Story().ends(20)) is Outcome.INCONCLUSIVE
        assert outcome(never(EXPIRED, during=window), Story().ends(30)) is Outcome.PASSED


class TestMarks:
    def story(self) -> Story:
        story = Story()
        for index, start in enumerate((5, 10, 15), start=1):
            story.fault(start, "outage", index=index)
            story.fault(start + 1, "outage", on=False, index=index)
            story.prints(start + 1.5, "server", f"back {index}")
        return story.ends(20)

    def test_a_repeating_mark_is_an_anchor_each_time(self):
        mark = AtMark("outage", EXPIRED.place, end=True)
        plain = expect(output("server", "back"), anchor=Anchor("each", mark), within=secs(0, 1))
        assert outcome(plain, self.story()) is Outcome.PASSED
        tight = expect(output("server", "back"), anchor=Anchor("each", mark), within=secs(0, 0.4))
        assert outcome(tight, self.story()) is Outcome.FAILED

    def test_an_index_means_one_of_them(self):
        mark = AtMark("outage", EXPIRED.place, index=3)
        plain = expect(output("server", "back 3"), anchor=Anchor("after", mark), within=secs(0, 2))
        assert outcome(plain, self.story()) is Outcome.PASSED

    def test_a_mark_is_moved_by_plus(self):
        mark = AtMark("outage", EXPIRED.place, index=1, plus_ns=ns(-1))
        plain = expect(
            output("server", "back"), anchor=Anchor("after", mark), within=secs(2.5, 2.5)
        )
        assert outcome(plain, self.story()) is Outcome.PASSED


def test_a_question_is_paired_with_its_own_answer():
    story = Story()
    story.prints(1, "alice", "ask 1")
    story.prints(1.1, "alice", "ask 11")
    story.prints(1.2, "alice", "answer 11")
    plain = expect(
        output("alice", "^answer $(id)"),
        anchor=each(output("alice", r"^ask (?P<id>\d+)")),
        within=secs(0, 2),
    )
    found = judged(plain, story.ends(9))
    assert found.outcome is Outcome.FAILED
    assert found.evidence == (1,)
    story = Story()
    story.prints(1, "alice", "ask 1")
    story.prints(1.2, "alice", "answer 1")
    assert outcome(plain, story.ends(9)) is Outcome.PASSED


def test_ids_are_anchors_at_zero():
    story = Story()
    for number in (1, 2, 2, 4):
        story.prints(number, "server", f"got {number}")
    story.ends(9)
    taken = output("server", r"got (?P<id>\d+)")
    assert outcome(expect(taken, ids=Range(1, 2)), story) is Outcome.PASSED
    assert outcome(expect(taken, ids=Range(1, 3)), story) is Outcome.FAILED
    assert outcome(expect(taken, ids=Range(1, 2), count=Range(1, 1)), story) is Outcome.FAILED
    assert outcome(never(taken, outside_ids=Range(1, 4)), story) is Outcome.PASSED
    assert outcome(never(taken, outside_ids=Range(1, 3)), story) is Outcome.FAILED


def test_either_is_any_of_its_patterns():
    either = Either((EXPIRED, BEAT), EXPIRED.place)
    assert outcome(expect(either, count=Range(3, 3)), beats(1, 2, expired=3)) is Outcome.PASSED


def test_unless_and_expect_by_one_and_the_same_event_count_the_match():
    plain = expect(BEAT, anchor=after(sent("bob -> server")), within=secs(0, 9), unless=BEAT)
    story = Story()
    story.sends(1, "bob->server")
    story.passes(2, "alice->server")
    assert outcome(plain, story.ends(60)) is Outcome.PASSED


@pytest.mark.parametrize("last", [1, 2, 3])
def test_last_means_the_last_match_by_the_end(last):
    story = Story()
    for number in range(1, last + 1):
        story.prints(number, "alice", "ask")
    story.prints(last + 0.5, "alice", "bye")
    plain = expect(
        output("alice", "bye"),
        anchor=after(
            Single(EXPIRED.kind, EXPIRED.place, host=output("alice").host, says="ask", nth=-1)
        ),
        within=secs(0, 0.5),
    )
    assert outcome(plain, story.ends(9)) is Outcome.PASSED


@pytest.mark.parametrize(("leak", "caught"), [(5, True), (6, False), (57, False)])
def test_a_bound_text_is_found_wherever_its_group_may_stand(leak, caught):
    told = Story()
    told.prints(1, "alice", "id=5")
    told.prints(2, "server", f"leak id={leak} id=7")
    plain = never(
        output("server", r"leak.*id=(?P<id>\d+)"), anchor=each(output("alice", r"id=(?P<id>\d+)"))
    )
    assert outcome(plain, told.ends(60)) is (Outcome.FAILED if caught else Outcome.PASSED)
