"""What is refused about marks, instants and windows."""

import pytest
from nouns import (
    SECOND,
    after,
    claim,
    flow,
    host,
    mark,
    output,
    plain,
    refusal,
    refusals,
    seconds,
    sending,
    sent,
    step,
)

from harness.scenario.marks import Marks
from harness.scenario.model import AtPattern, Cut, During, Kind
from harness.units import Range

CUT = Cut((flow("alice -> server"),))
GONE = output("server", "gone")


def within(low, high):
    return Range(*(None if edge is None else int(edge * SECOND) for edge in (low, high)))


def cutting(**more):
    return step(CUT, mark="outage", **more)


def repeating(**more):
    return cutting(at=seconds(5), every_ns=5 * SECOND, times=5, lasts_ns=SECOND, **more)


def checked(steps=(), until=60, **more):
    found = refusals(
        timeline=list(steps), until=seconds(until), checks=[claim(plain(GONE, line=18, **more))]
    )
    return found[0] if len(found) == 1 else found


@pytest.mark.parametrize("until", [0, -1])
def test_a_run_takes_some_time(until):
    found = refusals(until=seconds(until))
    assert "leaves no time" in found[0].message


def test_a_deadline_takes_some_time_where_until_is_an_event():
    found = refusals(until=AtPattern(output("alice", kind=Kind.EXIT)), deadline_ns=0)
    assert "deadline leaves no time" in found[0].message


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"at": seconds(61)}, "the step lies beyond until"),
        ({"at": seconds(10), "every_ns": 10 * SECOND, "times": 7}, "the step lies beyond until"),
        ({"at": seconds(50), "lasts_ns": 11 * SECOND}, "the step's end lies beyond until"),
        ({"at": seconds(50), "until": seconds(61)}, "the step's end lies beyond until"),
        ({"at": seconds(-1)}, "a step before zero"),
        ({"at": seconds(5), "until": seconds(4)}, "the step ends before it begins"),
    ],
)
def test_a_step_lies_within_the_run(more, what):
    problem = refusal(timeline=[step(CUT, line=41, **more)])
    assert (problem.message, problem.place.line) == (what, 41)
    assert problem.found


@pytest.mark.parametrize(
    "more",
    [
        {"at": seconds(60)},
        {"at": seconds(10), "every_ns": 10 * SECOND, "times": 6},
        {"at": seconds(50), "lasts_ns": 10 * SECOND},
        {"at": AtPattern(GONE), "lasts_ns": 100 * SECOND},
    ],
)
def test_a_step_may_last_as_long_as_the_run(more):
    assert refusals(timeline=[step(CUT, **more)]) == []


def test_a_step_lies_before_the_deadline_where_until_is_an_event():
    waiting = AtPattern(output("alice", kind=Kind.EXIT))
    problem = refusal(until=waiting, timeline=[step(CUT, at=seconds(61))])
    assert "beyond deadline" in problem.message


def test_a_step_at_a_mark_is_dated_by_it():
    steps = [cutting(at=seconds(50), lasts_ns=5 * SECOND), step(CUT, index=1)]
    for instant, fits in ((mark("outage", plus_ns=10 * SECOND), True),
                          (mark("outage", plus_ns=11 * SECOND), False),
                          (mark("outage", end=True, plus_ns=6 * SECOND), False)):  # fmt: skip
        found = refusals(timeline=[steps[0], step(CUT, index=1, at=instant)])
        assert (found == []) is fits


def test_a_host_starts_within_the_run():
    late = host("late", starts=seconds(61))
    problem = refusal(hosts=(host("server"), host("alice"), late))
    assert problem.message == "late starts lies beyond until"


@pytest.mark.parametrize("name", ["9s", "a.end", "a b"])
def test_a_mark_is_a_word(name):
    assert refusal(timeline=[step(CUT, mark=name)]).found == name


def test_marks_differ():
    problem = refusal(timeline=[cutting(), cutting(index=1, line=42)])
    assert (problem.message, problem.place.line) == ("the same mark twice", 42)


def test_a_mark_is_not_called_like_a_repeat_of_another():
    problem = refusal(timeline=[repeating(), step(CUT, index=1, mark="outage-3")])
    assert "outage repeats" in problem.message


def test_steps_do_not_wait_for_one_another():
    first = step(CUT, at=mark("b"), mark="a")
    second = step(CUT, at=mark("a"), mark="b", index=1)
    found = refusals(timeline=[first, second])
    assert [p.message for p in found] == ["this step waits for itself"] * 2
    own = step(CUT, at=mark("a"), mark="a")
    assert refusal(timeline=[own]).message == "this step waits for itself"
    assert refusals(timeline=[cutting(), step(CUT, at=mark("outage"), index=1)]) == []


def test_an_unknown_mark_names_the_nearest():
    problem = checked([cutting()], anchor=after(mark("outrage")))
    assert (problem.found, problem.nearest, problem.place.line) == ("outrage", "outage", 20)
    assert "no step has this mark" in checked(anchor=after(mark("m"))).message


@pytest.mark.parametrize(
    "more",
    [
        {"anchor": after(mark("outage"))},
        {"anchor": after(mark("outage", end=True))},
        {"during": During(start=mark("outage"))},
        {"during": During(start=mark("outage"), end=mark("outage", end=True))},
    ],
)
def test_a_repeating_mark_is_no_single_instant(more):
    problem = checked([repeating()], **more)
    assert "outage repeats" in problem.message
    assert problem.found == "outage"
    assert "outage-1" in problem.accepted


def test_until_is_one_instant():
    problem = refusal(timeline=[repeating()], until=mark("outage"))
    assert "until means one instant" in problem.message


@pytest.mark.parametrize(
    "anchor",
    [
        after(mark("outage"), "each"),
        after(mark("outage", end=True), "whenever"),
        after(mark("outage", index=3)),
        after(mark("outage-3")),
        after(mark("outage", index=5, end=True)),
    ],
)
def test_a_repeat_by_number_is_one_instant(anchor):
    assert checked([repeating()], anchor=anchor) == []


def test_a_repeat_that_does_not_happen_is_refused():
    assert "repeats less often" in checked([repeating()], anchor=after(mark("outage-6"))).message
    assert "does not repeat" in checked([cutting()], anchor=after(mark("outage-1"))).message


def test_only_what_ends_has_an_end():
    instant = step(mark="outage")
    assert "has no end" in checked([instant], anchor=after(mark("outage", end=True))).message
    sent_once = step(sending("pulse -> server:9"), mark="outage")
    assert "has no end" in checked([sent_once], anchor=after(mark("outage", end=True))).message
    forever = checked([cutting()], anchor=after(mark("outage", end=True)))
    assert (forever.found, forever.accepted) == ("outage.end", "a step with for or until")
    assert checked([cutting(lasts_ns=SECOND)], anchor=after(mark("outage", end=True))) == []
    whole = During(mark("outage"), mark("outage", end=True))
    assert checked([cutting()], during=whole) == []
    assert "has no end" in checked([instant], during=whole).message


@pytest.mark.parametrize("window", [within(-1, 0), within(None, 0), within(None, 5)])
def test_unless_does_not_look_back(window):
    part = {"anchor": after(sent("alice -> server"), "each"), "unless": GONE, "within": window}
    assert checked(**part).message == "unless on a window that looks back"
    assert checked(**{**part, "unless": None}) == []
    assert checked(**{**part, "within": within(0, 5)}) == []


def test_during_beside_within_takes_an_anchor_word():
    both = {"within": within(0, 5), "during": During(seconds(1), seconds(2))}
    assert "without an anchor word" in checked(**both).message
    assert checked(**both, anchor=after(sent("alice -> server"), "each")) == []
    assert checked(**both, ids=Range(1, 3)) == []


@pytest.mark.parametrize(
    ("more", "least"),
    [
        ({"within": within(0, 61)}, "1m1s"),
        ({"within": within(61, None)}, "1m1s"),
        ({"within": within(0, 11), "anchor": after(seconds(50))}, "1m1s"),
        ({"within": within(0, 31), "anchor": after(mark("outage"))}, "1m1s"),
        ({"within": within(0, 61), "anchor": after(GONE, "each")}, "1m1s"),
    ],
)
def test_a_window_lies_within_the_run(more, least):
    problem = checked([cutting(at=seconds(30))], **more)
    assert problem.message == "the window lies beyond until"
    assert problem.accepted == f"until: {least} or later"


@pytest.mark.parametrize(
    "more",
    [
        {"within": within(0, 60)},
        {"within": within(1, None)},
        {"within": within(None, 0)},
        {"within": within(0, 30), "anchor": after(mark("outage"))},
        {"within": within(0, 60), "anchor": after(GONE, "each")},
    ],
)
def test_a_window_may_reach_to_the_end(more):
    assert checked([cutting(at=seconds(30))], **more) == []


def test_the_last_repeat_has_its_window_too():
    part = {"anchor": after(mark("outage", end=True), "each"), "within": within(0, 1)}
    assert checked([repeating()], until=27, **part) == []
    assert "beyond until" in checked([repeating()], until=26.5, **part).message


def test_a_window_beyond_an_event_is_left_to_the_run():
    waiting = AtPattern(output("alice", kind=Kind.EXIT))
    part = plain(GONE, within=within(0, 3600))
    assert refusals(until=waiting, checks=[claim(part)]) == []


def test_during_lies_within_the_run_and_forwards():
    assert "beyond until" in checked(during=During(seconds(61))).message
    assert "runs backwards" in checked(during=During(seconds(2), seconds(1))).message
    assert checked(during=During(seconds(1), seconds(60))) == []


def test_an_anchor_lies_within_the_run():
    assert checked(anchor=after(seconds(61))).message == "after lies beyond until"
    late = {"anchor": after(mark("outage", plus_ns=31 * SECOND)), "within": within(0, 1)}
    assert "after lies beyond until" in checked([cutting(at=seconds(30))], **late).message
    assert checked(anchor=after(seconds(60))) == []


def test_marks_are_dated_where_the_timeline_dates_them():
    steps = (repeating(index=0), step(CUT, index=1, at=mark("outage", index=2), mark="b"),
             step(CUT, index=2, at=AtPattern(GONE), mark="c"))  # fmt: skip
    marks = Marks(steps)
    assert marks.time_of(mark("outage")) == 5 * SECOND
    assert marks.time_of(mark("outage", end=True), last=True) == 26 * SECOND
    assert marks.time_of(mark("b", plus_ns=-SECOND)) == 9 * SECOND
    assert marks.time_of(mark("c")) is None
    assert marks.time_of(mark("nothing")) is None
