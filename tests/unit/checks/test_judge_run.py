"""A whole run judged: members, blindness, measures in windows, the worst of all."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from traces import (
    PLACE,
    Story,
    about,
    check,
    delivered,
    dropped,
    each,
    expect,
    flow,
    never,
    ns,
    output,
    scenario,
    secs,
    sent,
    verdict,
)

from harness.checks.judge import judge, judge_checks
from harness.checks.verdict import CheckVerdict, Outcome, Tally
from harness.scenario.model import Anchor, AtMark, AtTime, During, Measure, Plain, Scenario, Single
from harness.units import Range


def judged(of: Scenario, story: Story, **header: object) -> tuple[CheckVerdict, ...]:
    return judge_checks(of, story.trace(**header), story.index(of))


def only(of: Scenario, story: Story, **header: object) -> CheckVerdict:
    (found,) = judged(of, story, **header)
    return found


class TestMembers:
    BACK = check("back", expect(output("server", "joined $(client.name)"), within=secs(0, 5)))

    def story(self, *members: int) -> Story:
        story = Story()
        for member in members:
            story.prints(member, "server", f"joined client-{member}")
        return story.ends(9)

    def test_each_must_hold(self):
        found = only(scenario(self.BACK), self.story(1, 2, 3))
        assert found.outcome is Outcome.PASSED
        assert found.member == ""
        assert "each of 3" in found.reason

    def test_the_one_that_fails_is_named(self):
        found = only(scenario(self.BACK), self.story(1, 3))
        assert (found.outcome, found.member) == (Outcome.FAILED, "client-2")

    def test_other_makes_every_ordered_pair(self):
        plain = expect(output("client", "found $(other client.name)"))
        of = scenario(check("all", plain), clients=3)
        story = Story()
        pairs = [(a, b) for a in (1, 2, 3) for b in (1, 2, 3) if a != b]
        for one, other in pairs[:-1]:
            story.prints(1, f"client-{one}", f"found client-{other}")
        story.ends(9)
        assert only(of, story).member == "client-3, other client-2"
        story = Story()
        for one, other in pairs:
            story.prints(1, f"client-{one}", f"found client-{other}")
        assert only(of, story.ends(9)).outcome is Outcome.PASSED

    def test_each_but_one_member(self):
        plain = expect(output("other peer-2", "lost peer-2$"))
        of = scenario(check("lost", plain), peers=3)
        story = Story()
        story.prints(1, "peer-1", "lost peer-2")
        assert only(of, story.ends(9)).member == "other peer-3"
        story = Story()
        story.prints(1, "peer-1", "lost peer-2")
        story.prints(1, "peer-3", "lost peer-2")
        assert only(of, story.ends(9)).outcome is Outcome.PASSED

    def test_any_member_will_do(self):
        of = scenario(check("one", expect(output("any client", "hello"))))
        story = Story()
        story.prints(1, "client-2", "hello")
        assert only(of, story.ends(9)).outcome is Outcome.PASSED

    def test_a_member_meets_its_own_anchor(self):
        plain = expect(delivered("server -> client"), anchor=each(delivered("client -> server")))
        story = Story()
        for member in (1, 2, 3):
            story.passes(member, f"client-{member}->server")
        for member in (1, 2, 2):
            story.passes(4, f"server->client-{member}")
        found = only(scenario(check("answered", plain)), story.ends(9))
        assert (found.outcome, found.member) == (Outcome.FAILED, "client-3")

    def test_a_mark_set_for_one_member_is_an_anchor_for_it_alone(self):
        back = output("client", "back")
        plain = expect(back, anchor=Anchor("whenever", AtMark("cut", PLACE)), within=secs(0, 1))
        story = Story()
        story.fault(1, "cut", host="client-2")
        story.prints(1.5, "client-2", "back")
        assert only(scenario(check("back", plain)), story.ends(9)).outcome is Outcome.PASSED


class TestBlindness:
    @pytest.mark.parametrize(
        ("pattern", "blind", "skipped"),
        [
            (dropped("any -> any", reason="nobody"), "dropped:nobody", True),
            (dropped("any -> any", reason="loss"), "dropped:nobody", False),
            (dropped("any -> any"), "dropped:nobody", True),
            (dropped("any -> any", reason="loss"), "dropped", True),
            (sent("any -> any"), "icmp", False),
            (sent("any -> any"), "sent", True),
        ],
    )
    def test_what_the_lab_cannot_see_is_skipped_with_its_reason(self, pattern, blind, skipped):
        of = scenario(check("quiet", never(pattern)))
        found = only(of, Story().ends(9), blind={blind: "needs CAP_NET_RAW"})
        assert (found.outcome is Outcome.SKIPPED) is skipped
        assert ("needs CAP_NET_RAW" in found.reason) is skipped

    def test_an_anchor_that_cannot_be_seen_counts_too(self):
        plain = never(output("alice", "x"), anchor=each(about("ready", "alice")))
        found = only(scenario(check("c", plain)), Story().ends(9), blind={"ready": "no"})
        assert found.outcome is Outcome.SKIPPED

    def test_a_part_that_fails_outweighs_one_that_is_skipped(self):
        parts = (never(dropped("any -> any")), expect(output("alice", "x")))
        found = only(scenario(check("c", *parts)), Story().ends(9), blind={"dropped": "no"})
        assert found.outcome is Outcome.FAILED


class TestMeasures:
    LOSS = Plain(
        "measure", PLACE, "loss",
        measure=Measure("loss", flows=(flow("alice -> server"),)),
        bounds=Range(Fraction(0), Fraction(0)),
    )  # fmt: skip

    def story(self) -> Story:
        story = Story()
        for second in range(10):
            number = story.sends(second, "alice->server")
            if second == 3:
                story.drops(second, number)
            else:
                story.delivers(second, number)
        return story.ends(20)

    def test_a_share_carries_its_tally(self):
        found = only(scenario(check("loss", self.LOSS)), self.story())
        assert (found.outcome, found.tally) == (Outcome.FAILED, Tally(1, 10))

    def test_during_chooses_by_time(self):
        late = replace(self.LOSS, during=During(AtTime(ns(4)), None))
        found = only(scenario(check("loss", late)), self.story())
        assert (found.outcome, found.tally) == (Outcome.PASSED, Tally(0, 6))

    def test_a_window_that_the_run_did_not_finish_is_open(self):
        late = replace(self.LOSS, during=During(AtTime(ns(4)), AtTime(ns(30))))
        assert only(scenario(check("loss", late)), self.story()).outcome is Outcome.INCONCLUSIVE

    def test_a_share_is_judged_for_each_member_apart(self):
        measure = Measure("loss", flows=(flow("client -> server"),))
        story = Story()
        for member in (1, 2, 3):
            story.passes(member, f"client-{member}->server")
        found = judged(scenario(check("loss", replace(self.LOSS, measure=measure))), story.ends(9))
        assert [each.member for each in found] == ["client-1", "client-2", "client-3"]
        assert all(each.tally == Tally(0, 1) for each in found)


class TestRun:
    def story(self) -> Story:
        story = Story()
        for host in ("server", "alice"):
            story.starts(-1, host)
        story.passes(1, "alice->server")
        story.ends(10)
        for host in ("server", "alice"):
            story.exits(10, host, 143, by="end")
        return story.closes(11)

    def of(self, plain: Plain) -> Scenario:
        return scenario(check("arrives", plain), hosts=("server", "alice"))

    def test_the_verdict_tells_what_ran(self):
        of = self.of(expect(delivered("alice -> server")))
        found = judge(of, self.story().trace(), wall_ns=5, bundle="here")
        assert found.outcome is Outcome.PASSED
        assert (found.seed, found.lab, found.wall_ns, found.bundle) == (1, "hand", 5, "here")
        assert found.datagrams == 1
        assert verdict(found.checks, "arrives").text == "arrives"

    def test_a_failing_check_fails_the_run(self):
        of = self.of(never(delivered("alice -> server")))
        assert judge(of, self.story().trace()).outcome is Outcome.FAILED

    def test_a_broken_trace_gives_a_verdict_and_no_traceback(self):
        of = self.of(expect(delivered("alice -> server")))
        assert judge(of, Story().trace()).outcome is not Outcome.PASSED

    def test_judging_twice_gives_the_same(self):
        of = self.of(expect(delivered("alice -> server")))
        trace = self.story().trace()
        assert judge(of, trace) == judge(of, trace)


@given(st.data())
def test_what_happens_after_the_end_changes_nothing(data):
    lines = data.draw(st.lists(st.sampled_from(["ask", "answer", "bye"]), max_size=8))
    cut = data.draw(st.integers(0, len(lines)))
    plain: Plain = expect(
        output("alice", "answer"), anchor=each(output("alice", "ask")), within=secs(0, 2)
    )
    of = scenario(check("c", plain))
    short, whole = Story(), Story()
    for second, line in enumerate(lines[:cut]):
        short.prints(second, "alice", line)
        whole.prints(second, "alice", line)
    short.ends(cut)
    whole.ends(cut)
    for second, line in enumerate(lines[cut:], start=cut):
        whole.prints(second, "alice", line)
    assert only(of, short) == only(of, whole)


def test_a_pattern_object_used_twice_is_no_trouble():
    shared: Single = output("alice", "x")
    of = scenario(check("a", expect(shared)), check("b", never(shared)))
    story = Story()
    story.prints(1, "alice", "x")
    found = judged(of, story.ends(9))
    assert [each.outcome for each in found] == [Outcome.PASSED, Outcome.FAILED]
