"""The rules that every run is held to: each with a trace that keeps it and one that breaks it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stories import MS, PLACE, Story, flow, scenario

from harness.checks import invariants
from harness.checks.invariants import broken_off, judge_rules, unjudged_checks
from harness.checks.verdict import CheckVerdict, Outcome
from harness.errors import Place
from harness.scenario.model import (
    Anchor,
    AtPattern,
    AtTime,
    Check,
    Cut,
    Either,
    HostAction,
    HostRef,
    Kind,
    LinkFields,
    LinkRule,
    Plain,
    Scenario,
    Single,
    Step,
)
from harness.trace.events import Corrupted, Delivered, Ended, Fault, Note, Output, Trace
from harness.units import Range

CUT = Step(
    0,
    Place("x.yaml", 9, 3),
    "cut: alice -> server",
    at=AtTime(100 * MS),
    action=Cut((flow("alice>server"),)),
)


def good_story() -> Story:
    story = Story()
    story.starts("server", "alice")
    story.arrives(story.sends("alice>server", 10), 20)
    story.drops(story.sends("alice>server", 30), 30)
    return story


def close(story: Story, *, ms: float = 10_000, **fields: object) -> Trace:
    story.ends(ms)
    for host in ("server", "alice"):
        story.exits(host, ms + 50, by="end")
    story.closes(ms + 60, **fields)
    return story.trace


def breaches(trace: Trace, given: Scenario | None = None) -> list[CheckVerdict]:
    verdicts = judge_rules(given or scenario(), trace, None)
    return [verdict for verdict in verdicts if verdict.outcome is not Outcome.PASSED]


def only_breach(trace: Trace, given: Scenario | None = None) -> CheckVerdict:
    (breach,) = breaches(trace, given)
    return breach


def test_a_good_run_keeps_every_rule_and_lists_them() -> None:
    verdicts = judge_rules(scenario(), close(good_story()), None)
    assert {verdict.outcome for verdict in verdicts} == {Outcome.PASSED}
    assert tuple(verdict.name for verdict in verdicts) == invariants.RULES


# -- packets ---------------------------------------------------------------------------------


def test_duplicates_with_their_own_fates_are_conserved() -> None:
    story = good_story()
    sent = story.sends("alice>server", 40)
    story.copies(sent, 40)
    story.arrives(sent, 50)
    story.fate(Corrupted, sent, 50, copy=1)
    story.drops(sent, 50, "corrupt", copy=1)
    assert breaches(close(story)) == []


def broken_accounts() -> list[tuple[str, Story]]:
    stories = []

    def story(words: str) -> Story:
        stories.append((words, good_story()))
        return stories[-1][1]

    twice = story("two ends")
    sent = twice.sends("alice>server", 40)
    twice.arrives(sent, 50)
    twice.drops(sent, 51)
    unmade = story("never made")
    unmade.arrives(unmade.sends("alice>server", 40), 50, copy=1)
    orphan = story("never sent")
    orphan.add(Delivered, 50, source="alice", target="server", k=9, of=900)
    early = story("before it was sent")
    early.add(Delivered, 50, source="alice", target="server", k=3, of=len(early.events) + 2)
    early.sends("alice>server", 50)
    backwards = story("10ms before it was sent")
    backwards.arrives(backwards.sends("alice>server", 60), 50)
    other = story("points to")
    other.fate(Delivered, other.sends("alice>server", 40), 50, k=77)
    copied = story("made twice")
    sent = copied.sends("alice>server", 40)
    copied.copies(sent, 40)
    copied.copies(sent, 40)
    copied.arrives(sent, 41)
    copied.arrives(sent, 41, copy=1)
    return stories


@pytest.mark.parametrize(("words", "story"), broken_accounts(), ids=lambda value: str(value)[:20])
def test_a_broken_account_of_a_datagram_is_an_error(words: str, story: Story) -> None:
    found = [b for b in breaches(close(story)) if b.name == invariants.PACKETS_CONSERVED]
    assert found[0].outcome is Outcome.ERROR
    assert words in found[0].reason


def test_a_datagram_still_in_flight_is_accounted_for_when_the_lab_has_waited() -> None:
    story = good_story()
    story.sends("alice>server", 9_999)
    story.ends(10_000)
    story.exits("server", 15_010, by="end")
    story.exits("alice", 15_010, by="end")
    story.closes(15_020)
    assert breaches(story.trace) == []


def test_a_datagram_without_a_fate_is_an_error_when_the_lab_did_not_wait() -> None:
    story = good_story()
    story.sends("alice>server", 9_999)
    breach = only_breach(close(story))
    assert (breach.name, breach.outcome) == (invariants.PACKETS_CONSERVED, Outcome.ERROR)
    assert "alice->server #3" in breach.reason


def test_what_is_sent_after_the_end_needs_no_fate() -> None:
    story = good_story()
    story.ends(10_000)
    story.sends("alice>server", 10_001)
    story.exits("server", 10_002, by="end")
    story.exits("alice", 10_002, by="end")
    story.closes(10_003)
    assert breaches(story.trace) == []


def test_many_broken_accounts_are_counted_not_listed() -> None:
    story = good_story()
    for _ in range(50):
        story.sends("alice>server", 9_000)
    found = breaches(close(story))
    assert len(found) == 11
    assert "40 more" in found[-1].reason


# -- programs --------------------------------------------------------------------------------


def test_a_program_without_an_end_is_an_error() -> None:
    story = good_story()
    story.ends(10_000)
    story.exits("server", 10_050, by="end")
    story.closes(10_060)
    breach = only_breach(story.trace)
    assert breach.name == invariants.PROGRAMS_ACCOUNTED
    assert breach.reason == "alice, life 1: started once, ended never"
    assert breach.place == Place("x.yaml", 3, 3)


def test_a_restarted_program_has_one_end_for_each_life() -> None:
    story = good_story()
    story.exits("server", 50, 137, by="step")
    story.starts("server", ms=60, life=2)
    story.ends(10_000)
    story.exits("server", 10_050, by="end", life=2)
    story.exits("alice", 10_050, by="end")
    story.closes(10_060)
    assert breaches(story.trace) == []


def test_a_program_that_was_never_started_is_an_error() -> None:
    story = Story()
    story.starts("server")
    story.arrives(story.sends("alice>server", 10), 20)
    story.ends(10_000)
    story.exits("server", 10_050, by="end")
    story.closes(10_060)
    assert "never started" in only_breach(story.trace).reason


def crash_story(code: int = 1) -> Trace:
    story = good_story()
    story.says("alice", "ValueError: no", 40, stream="stderr")
    story.exits("alice", 50, code)
    story.ends(10_000)
    story.exits("server", 10_050, by="end")
    story.closes(10_060)
    return story.trace


def test_a_program_that_crashes_fails_the_run() -> None:
    breach = only_breach(crash_story())
    assert (breach.name, breach.outcome) == (invariants.PROGRAMS_END_WELL, Outcome.FAILED)
    assert breach.reason == (
        "alice ended by itself with code 1 and no check names its exit; "
        "its last error line: ValueError: no"
    )
    assert breach.at_ns == 50 * MS
    assert crash_story().events[breach.deciding - 1].t == 50 * MS


def test_a_program_may_end_by_itself_with_code_nought() -> None:
    assert breaches(crash_story(0)) == []


EXIT = Single(Kind.EXIT, PLACE, host=HostRef("alice"))
CRY = Single(Kind.OUTPUT, PLACE, host=HostRef("alice"))


@pytest.mark.parametrize(
    "part",
    [
        Plain("expect", PLACE, "", pattern=EXIT),
        Plain("never", PLACE, "", pattern=replace(EXIT, host=HostRef("alice"), kind=Kind.ENDED)),
        Plain("never", PLACE, "", pattern=Either((CRY, EXIT), PLACE)),
        Plain("expect", PLACE, "", pattern=CRY, anchor=Anchor("after", AtPattern(EXIT))),
        Plain("expect", PLACE, "", pattern=CRY, unless=EXIT),
    ],
)
def test_a_check_that_names_an_exit_takes_it_over(part: Plain) -> None:
    check = Check("c", PLACE, "", (part,))
    assert breaches(crash_story(), scenario(check)) == []


@pytest.mark.parametrize(
    ("codes", "taken_over"),
    [(Range(139, 139), True), (Range(1, None), True), (Range(2, 2), False), (Range(0, 138), False)],
)
def test_a_check_that_names_codes_takes_over_no_other_code(codes: Range, taken_over: bool) -> None:
    part = Plain("never", PLACE, "", pattern=replace(EXIT, code=codes))
    found = breaches(crash_story(139), scenario(Check("c", PLACE, "", (part,))))
    assert [breach.name for breach in found] == [invariants.PROGRAMS_END_WELL] * (not taken_over)


SHOUT = replace(CRY, says="boo")


@pytest.mark.parametrize(
    ("part", "concerned"),
    [
        (Plain("never", PLACE, "", pattern=SHOUT), True),
        (Plain("never", PLACE, "", pattern=replace(SHOUT, stream="stdout")), True),
        (Plain("expect", PLACE, "", pattern=EXIT, unless=Either((EXIT, SHOUT), PLACE)), True),
        (Plain("never", PLACE, "", pattern=replace(SHOUT, stream="stderr")), False),
        (Plain("never", PLACE, "", pattern=replace(SHOUT, host=HostRef("server"))), False),
        (Plain("expect", PLACE, "", pattern=CRY), False),
        (Plain("expect", PLACE, "", pattern=EXIT), False),
    ],
)
def test_a_line_that_was_cut_leaves_open_what_a_check_reads_in_it(
    part: Plain, concerned: bool
) -> None:
    story = good_story()
    story.says("alice", "whole", 35)
    line = story.add(Output, 40, host="alice", line="bo", stream="stdout", cut=9)
    given = scenario(Check("is calm", PLACE, "", (part,)))
    found = breaches(close(story), given)
    told = [(breach.name, breach.outcome, breach.deciding) for breach in found]
    rule = (invariants.RIG_STANDS_BEHIND_IT, Outcome.INCONCLUSIVE, line.n)
    assert told == ([rule] if concerned else [])
    assert all("9 bytes" in breach.reason and "`is calm`" in breach.reason for breach in found)


def test_a_line_that_was_cut_after_the_end_is_no_matter() -> None:
    story = good_story()
    story.ends(10_000)
    story.add(Output, 10_040, host="alice", line="bo", stream="stdout", cut=9)
    for host in ("server", "alice"):
        story.exits(host, 10_050, by="end")
    story.closes(10_060)
    part = Plain("never", PLACE, "", pattern=SHOUT)
    assert breaches(story.trace, scenario(Check("c", PLACE, "", (part,)))) == []


def test_an_exit_of_another_host_is_no_exit_of_this_one() -> None:
    part = Plain("expect", PLACE, "", pattern=replace(EXIT, host=HostRef("server")))
    assert only_breach(crash_story(), scenario(Check("c", PLACE, "", (part,))))


def test_an_excuse_inside_a_contract_takes_no_crash_over() -> None:
    part = Plain("expect", PLACE, "", pattern=CRY, unless=EXIT)
    check = Check("c", PLACE, "", (part,), contract="heartbeat")
    assert only_breach(crash_story(), scenario(check)).name == invariants.PROGRAMS_END_WELL


def test_a_program_stopped_by_a_step_or_after_the_end_did_not_crash() -> None:
    story = good_story()
    story.exits("alice", 50, 143, by="step")
    story.ends(10_000)
    story.exits("server", 10_050, 143)
    story.closes(10_060)
    assert breaches(story.trace) == []


# -- the run ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "outcome", "words"),
    [
        ("deadline", Outcome.FAILED, "it did not end: `until` had not come by the deadline of 1m"),
        ("interrupted", Outcome.ERROR, "interrupted"),
        ("error", Outcome.ERROR, "broken off"),
    ],
)
def test_a_run_that_does_not_come_to_its_end(why: str, outcome: Outcome, words: str) -> None:
    story = good_story()
    story.ends(60_000, why)
    story.exits("server", 60_001, by="end")
    story.exits("alice", 60_001, by="end")
    story.closes(60_002)
    breach = only_breach(story.trace)
    assert (breach.name, breach.outcome) == (invariants.CAME_TO_ITS_END, outcome)
    assert words in breach.reason


@pytest.mark.parametrize("missing", ["end", "close", "torn"])
def test_a_trace_that_ends_early_is_an_error(missing: str) -> None:
    story = good_story()
    if missing != "end":
        story.ends(10_000)
    trace = story.trace
    if missing == "torn":
        trace = Trace(trace.header, close(good_story()).events, torn="line 90 is cut off")
    breach = only_breach(trace)
    assert breach.outcome is Outcome.ERROR
    assert "the trace ends early" in breach.reason
    assert broken_off(trace) == "the trace ends early"


@pytest.mark.parametrize(
    ("fault", "rule", "outcome"),
    [
        ("rig", invariants.RIG_STANDS_BEHIND_IT, Outcome.ERROR),
        ("program", invariants.PROGRAMS_START, Outcome.ERROR),
        ("inconclusive", invariants.RIG_STANDS_BEHIND_IT, Outcome.INCONCLUSIVE),
    ],
)
def test_a_note_of_the_lab_decides(fault: str, rule: str, outcome: Outcome) -> None:
    story = good_story()
    story.add(Note, 40, text="it happened", fault=fault, host="alice")
    trace = close(story)
    breach = only_breach(trace)
    assert (breach.name, breach.outcome, breach.reason) == (rule, outcome, "alice: it happened")
    assert bool(broken_off(trace)) == (outcome is Outcome.ERROR)


def test_a_note_without_a_fault_decides_nothing() -> None:
    story = good_story()
    story.add(Note, 40, text="for the reader")
    assert breaches(close(story)) == []


def test_a_run_without_a_datagram_fails() -> None:
    story = Story()
    story.starts("server", "alice")
    breach = only_breach(close(story))
    assert (breach.name, breach.outcome) == (invariants.SOMETHING_SENT, Outcome.FAILED)


def test_a_run_broken_off_is_an_error_and_not_also_a_failure() -> None:
    story = Story()
    story.starts("server")
    story.add(Note, 0, text="not ready within 10s", fault="program", host="server")
    story.ends(0, "error")
    story.exits("server", 1, 3)
    story.closes(2, steps_missed=[0])
    given = scenario(
        timeline=(CUT,),
        checks=(
            Check(
                "c",
                PLACE,
                "",
                (Plain("never", PLACE, "", pattern=replace(EXIT, host=HostRef("server"))),),
            ),
        ),
    )
    assert {breach.outcome for breach in breaches(story.trace, given)} == {Outcome.ERROR}


# -- links and steps -------------------------------------------------------------------------


def with_links() -> Scenario:
    places = Place("x.yaml", 11, 3), Place("x.yaml", 12, 3)
    rules = [
        LinkRule(flow("alice>server"), LinkFields(), place, "alice -> server") for place in places
    ]
    return scenario(links=tuple(rules))


def test_a_link_rule_that_nothing_met_fails_and_is_named() -> None:
    assert breaches(close(good_story(), rules={"0": 2, "1": 1}), with_links()) == []
    for rules in ({"0": 2, "1": 0}, {"0": 2}):
        breach = only_breach(close(good_story(), rules=rules), with_links())
        assert breach.outcome is Outcome.FAILED
        assert breach.reason == "x.yaml:12:3: no datagram met the link rule `alice -> server`"


def test_a_step_that_never_happened_fails_and_is_named() -> None:
    breach = only_breach(close(good_story(), steps_missed=[0]), scenario(timeline=(CUT,)))
    assert (breach.name, breach.outcome) == (invariants.STEPS_HAPPENED, Outcome.FAILED)
    assert breach.reason == "x.yaml:9:3: the step `cut: alice -> server` never happened"


def test_a_step_without_an_account_is_an_error() -> None:
    breach = only_breach(close(good_story()), scenario(timeline=(CUT,)))
    assert (breach.name, breach.outcome) == (invariants.IN_FORCE, Outcome.ERROR)
    assert "due 1 times by the end and took effect 0 times" in breach.reason


def test_a_step_that_is_due_at_or_after_the_end_need_not_happen() -> None:
    late = replace(CUT, at=AtTime(10_000 * MS))
    assert breaches(close(good_story()), scenario(timeline=(late,))) == []


@pytest.mark.parametrize(("ons", "fine"), [(3, True), (2, False)])
def test_every_repeat_of_a_step_that_was_due_must_have_happened(ons: int, fine: bool) -> None:
    step = replace(CUT, every_ns=3_000 * MS, times=5, action=None)  # 0.1, 3.1, 6.1 and 9.1 s
    story = good_story()
    for index in range(1, ons + 1):
        story.add(Fault, 3_000 * index - 2_900, step=0, on=True, text="", index=index)
    trace = close(story, ms=9_000)
    assert (breaches(trace, scenario(timeline=(step,))) == []) is fine


def cut_story(*, off: bool, leak_ms: float = 0) -> Trace:
    story = good_story()
    story.add(Fault, 100, step=0, on=True, text="cut")
    story.drops(story.sends("alice>server", 150), 150, "cut")
    if leak_ms and leak_ms < 300:
        story.arrives(story.sends("alice>server", leak_ms), 290)
    if off:
        story.add(Fault, 300, step=0, on=False, text="cut")
    if leak_ms >= 300:
        story.arrives(story.sends("alice>server", leak_ms), leak_ms)
    return close(story)


def test_a_step_that_was_not_undone_is_an_error() -> None:
    step = replace(CUT, lasts_ns=200 * MS)
    assert breaches(cut_story(off=True), scenario(timeline=(step,))) == []
    breach = only_breach(cut_story(off=False), scenario(timeline=(step,)))
    assert (breach.name, breach.outcome) == (invariants.IN_FORCE, Outcome.ERROR)
    assert "was to last 200ms and was not undone" in breach.reason


def test_a_killed_host_may_take_its_time_to_come_back() -> None:
    step = replace(CUT, lasts_ns=200 * MS, action=HostAction("kill", HostRef("server")))
    assert breaches(cut_story(off=False), scenario(timeline=(step,))) == []


def test_a_datagram_that_passes_a_cut_is_an_error() -> None:
    step = replace(CUT, lasts_ns=200 * MS)
    given = scenario(timeline=(step,))
    breach = only_breach(cut_story(off=True, leak_ms=200), given)
    assert (breach.name, breach.outcome) == (invariants.IN_FORCE, Outcome.ERROR)
    assert "was delivered although its flow was cut" in breach.reason
    assert breaches(cut_story(off=True, leak_ms=301), given) == []


def test_a_cut_concerns_its_own_flows_only() -> None:
    other = replace(CUT, lasts_ns=200 * MS, action=Cut((flow("server>alice"),)))
    assert breaches(cut_story(off=True, leak_ms=200), scenario(timeline=(other,))) == []
    both = replace(other, action=Cut((flow("server>alice", both=True),)))
    assert only_breach(cut_story(off=True, leak_ms=200), scenario(timeline=(both,)))


def test_a_step_due_while_the_lab_was_late_with_the_end_need_not_happen() -> None:
    story = good_story()
    story.add(Ended, 10_000, why="until", lag=2_000 * MS)
    for host in ("server", "alice"):
        story.exits(host, 10_050, by="end")
    story.closes(10_060)
    late = replace(CUT, at=AtTime(9_000 * MS))
    assert breaches(story.trace, scenario(timeline=(late,))) == []


def test_checks_of_a_run_that_was_broken_off_are_errors_with_its_reason() -> None:
    given = scenario(Check("c", Place("x.yaml", 5, 1), "", (Plain("never", PLACE, ""),)))
    (verdict,) = unjudged_checks(given, "interrupted")
    assert (verdict.name, verdict.outcome) == ("c", Outcome.ERROR)
    assert verdict.reason == "not judged: interrupted"
