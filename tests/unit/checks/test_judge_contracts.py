"""Contracts judged: each line of each expansion is seen to hold and to fail."""

from __future__ import annotations

import pytest
from traces import PLACE, Story, check, flow, host_ref, ns, output, scenario, secs, sent

from harness.checks.judge import judge_checks
from harness.checks.verdict import CheckVerdict, Outcome
from harness.scenario.contract_terms import Alive, Delivery, Heartbeat, Terms, Timeout
from harness.scenario.contracts import expand
from harness.units import Range


def judged(terms: Terms, story: Story, count: Range | None = None) -> CheckVerdict:
    parts = expand(terms, count=count, place=PLACE, text="as written")
    of = scenario(check("it", *parts))
    (found,) = judge_checks(of, story.trace(), story.index(of))
    return found


def outcome(terms: Terms, story: Story, count: Range | None = None) -> Outcome:
    return judged(terms, story, count).outcome


class TestHeartbeat:
    TERMS = Heartbeat(
        (flow("alice -> server"),),
        secs(10, 11),
        output("server", "expired"),
        every=secs(2, 2.5),
        returns=secs(0, 1),
        returned=output("server", "joined"),
    )

    def story(self, *happened: tuple[float, str], end: float = 60) -> Story:
        story = Story()
        for time, what in sorted(happened):
            if what == "beat":
                story.passes(time, "alice->server")
            elif what == "lost":
                story.drops(time, story.sends(time, "alice->server"))
            elif what == "dies":
                story.exits(time, "server", 1)
            elif what == "leaves":
                story.exits(time, "alice", 0)
            else:
                story.prints(time, "server", what)
        return story.ends(end)

    BEATS = ((0, "beat"), (2, "beat"), (4, "beat"))

    def test_holds_when_the_silent_client_expires_on_time(self):
        story = self.story(*self.BEATS, (5, "leaves"), (14.5, "expired"))
        assert outcome(self.TERMS, story) is Outcome.PASSED

    @pytest.mark.parametrize("at", [13.9, 15.1])
    def test_fails_when_it_comes_early_or_late(self, at):
        found = judged(self.TERMS, self.story(*self.BEATS, (5, "leaves"), (at, "expired")))
        assert found.outcome is Outcome.FAILED
        assert found.reason.startswith("{whenever: {delivered: alice -> server}, expect:")

    def test_fails_without_an_expiry_unless_count_allows_it(self):
        story = self.story(*self.BEATS, (5, "leaves"), end=12)
        assert outcome(self.TERMS, story) is Outcome.FAILED
        assert outcome(self.TERMS, story, Range(0, 0)) is Outcome.PASSED

    def test_fails_when_it_expires_twice(self):
        story = self.story(*self.BEATS, (5, "leaves"), (14.5, "expired"), (30, "expired"))
        assert outcome(self.TERMS, story) is Outcome.FAILED

    def test_fails_when_a_beat_is_not_sent_in_time(self):
        story = self.story((0, "beat"), (2, "beat"), (6, "beat"), (7, "leaves"), (16.5, "expired"))
        found = judged(self.TERMS, story)
        assert found.outcome is Outcome.FAILED
        assert "{whenever: {sent: alice -> server}" in found.reason

    def test_a_lost_beat_was_sent_all_the_same(self):
        story = self.story((0, "beat"), (2, "lost"), (4, "beat"), (5, "leaves"), (14.5, "expired"))
        assert outcome(self.TERMS, story) is Outcome.PASSED

    def test_who_comes_back_must_be_welcomed(self):
        back = [(20 + 2 * step, "beat") for step in range(20)]
        gone = ((0, "beat"), (1, "leaves"), (10.5, "expired"))
        assert outcome(self.TERMS, self.story(*gone, *back, (20.5, "joined"))) is Outcome.PASSED
        found = judged(self.TERMS, self.story(*gone, *back, (22, "joined")))
        assert found.outcome is Outcome.FAILED
        assert "whenever: [{output: server, says: expired}" in found.reason

    def test_a_dead_server_owes_nothing(self):
        story = self.story(*self.BEATS, (5, "leaves"), (6, "dies"))
        assert outcome(self.TERMS, story, Range(0, None)) is Outcome.PASSED

    def test_is_for_each_member_of_a_group_by_itself(self):
        terms = Heartbeat(
            (flow("client -> server"),), secs(10, 11), output("server", "expired $(client.name)")
        )
        story = Story()
        for member in (1, 2, 3):
            story.passes(member, f"client-{member}->server")
        for member in (1, 2):
            story.prints(member + 10.5, "server", f"expired client-{member}")
        found = judged(terms, story.ends(60))
        assert found.outcome is Outcome.FAILED
        assert found.member == "client-3"


class TestTimeout:
    TERMS = Timeout(
        sent("alice -> server"),
        (secs(2, 2.1), secs(4, 4.1), secs(8, 8.1)),
        answered=output("alice", "answer"),
        gave_up=output("alice", "gave up"),
    )

    def story(self, *tries: float, **lines: float) -> Story:
        told = [(time, "") for time in tries]
        told += [(time, name.replace("_", " ")) for name, time in lines.items()]
        story = Story()
        for time, line in sorted(told):
            if line:
                story.prints(time, "alice", line)
            else:
                story.sends(time, "alice->server")
        return story.ends(60)

    def test_holds_on_time(self):
        assert outcome(self.TERMS, self.story(0, 2, 6.05, gave_up=14.1)) is Outcome.PASSED

    @pytest.mark.parametrize(
        "tries", [(0, 1.9, 5.95), (0, 2.2, 6.25), (0, 2, 4), (0, 2, 7), (0, 2)]
    )
    def test_fails_off_time(self, tries):
        story = self.story(*tries, gave_up=tries[-1] + 8.05)
        assert outcome(self.TERMS, story) is Outcome.FAILED

    @pytest.mark.parametrize("at", [12, 14.5])
    def test_fails_when_it_gives_up_at_the_wrong_time(self, at):
        assert outcome(self.TERMS, self.story(0, 2, 6, gave_up=at)) is Outcome.FAILED

    def test_fails_without_any_try(self):
        assert outcome(self.TERMS, Story().ends(60)) is Outcome.FAILED

    def test_fails_with_one_try_too_many(self):
        assert outcome(self.TERMS, self.story(0, 2, 6, 15, gave_up=14.05)) is Outcome.FAILED

    def test_an_answer_ends_it(self):
        story = self.story(0, 2, answer=3)
        assert outcome(self.TERMS, story, Range(0, 0)) is Outcome.PASSED
        assert outcome(self.TERMS, story) is Outcome.FAILED

    def test_fails_with_a_try_after_the_answer(self):
        found = judged(self.TERMS, self.story(0, 2, 6, answer=3), Range(0, None))
        assert found.outcome is Outcome.FAILED

    def test_each_text_is_an_exchange_of_its_own(self):
        terms = Timeout(
            sent("alice -> server", says=r"ask (?P<id>\d+)"),
            (secs(2, 2.1), secs(2, 2.1)),
            answered=output("alice", "answer $(id)"),
            gave_up=output("alice", "no answer to $(id)$"),
        )
        story = Story()
        story.sends(0, "alice->server", "ask 1")
        story.sends(1, "alice->server", "ask 2")
        story.sends(2, "alice->server", "ask 1")
        story.prints(2.5, "alice", "answer 2")
        story.prints(4.05, "alice", "no answer to 1")
        story.ends(60)
        assert outcome(terms, story) is Outcome.PASSED
        assert outcome(terms, story, Range(2, None)) is Outcome.FAILED


class TestDelivery:
    PUT = output("alice", r"put (?P<id>\d+)")
    GOT = output("server", r"got (?P<id>\d+)")

    def story(self, *happened: str) -> Story:
        story = Story()
        for second, what in enumerate(happened):
            story.prints(second, "alice" if what.startswith("put") else "server", what)
        return story.ends(60)

    @pytest.mark.parametrize(
        ("promise", "copies", "expected"),
        [
            ("exactly once", 0, Outcome.FAILED),
            ("exactly once", 1, Outcome.PASSED),
            ("exactly once", 2, Outcome.FAILED),
            ("at least once", 0, Outcome.FAILED),
            ("at least once", 2, Outcome.PASSED),
            ("at most once", 0, Outcome.PASSED),
            ("at most once", 2, Outcome.FAILED),
        ],
    )
    def test_promises(self, promise, copies, expected):
        story = self.story("put 1", *["got 1"] * copies, "put 2", "got 2")
        assert outcome(Delivery(self.GOT, promise, offered=self.PUT), story) is expected

    def test_nothing_is_invented(self):
        story = self.story("put 1", "got 1", "got 7")
        found = judged(Delivery(self.GOT, "at most once", offered=self.PUT), story)
        assert found.outcome is Outcome.FAILED
        assert found.evidence == (3,)

    def test_nor_taken_before_it_is_offered(self):
        story = self.story("got 1", "put 1")
        assert outcome(Delivery(self.GOT, "at most once", offered=self.PUT), story) is (
            Outcome.FAILED
        )

    def test_nothing_offered_is_nothing_to_judge(self):
        terms = Delivery(self.GOT, "at most once", offered=self.PUT)
        assert outcome(terms, self.story()) is Outcome.FAILED

    def test_in_order(self):
        terms = Delivery(self.GOT, "exactly once", offered=self.PUT, in_order=True)
        good = self.story("put 1", "put 2", "got 1", "got 2")
        assert outcome(terms, good) is Outcome.PASSED
        assert outcome(terms, self.story("put 1", "put 2", "got 2", "got 1")) is Outcome.FAILED

    def test_takes(self):
        terms = Delivery(self.GOT, "exactly once", offered=self.PUT, takes=Range(0, ns(1)))
        assert outcome(terms, self.story("put 1", "got 1")) is Outcome.PASSED
        slow = self.story("put 1", "put 2", "got 1", "got 2")
        assert outcome(terms, slow) is Outcome.FAILED

    def test_numbers(self):
        terms = Delivery(self.GOT, "exactly once", ids=Range(1, 3))
        assert outcome(terms, self.story("got 3", "got 1", "got 2")) is Outcome.PASSED
        assert outcome(terms, self.story("got 1", "got 2")) is Outcome.FAILED
        invented = judged(terms, self.story("got 1", "got 2", "got 3", "got 4"))
        assert invented.outcome is Outcome.FAILED
        assert invented.deciding == 4


class TestAlive:
    TERMS = Alive(host_ref("server"))

    def test_holds_while_it_runs_and_when_it_is_stopped(self):
        story = Story()
        story.exits(3, "server", 137, by="step")
        assert outcome(self.TERMS, story.ends(9)) is Outcome.PASSED

    def test_fails_when_it_ends_by_itself_even_with_code_0(self):
        story = Story()
        story.exits(3, "server", 0)
        assert outcome(self.TERMS, story.ends(9)) is Outcome.FAILED

    @pytest.mark.parametrize(
        "line",
        [
            "Exception in thread Thread-1:",
            "Exception in callback f()",
            "thread 'main' panicked at src/main.rs",
            "==1==ERROR: AddressSanitizer: heap-use-after-free",
        ],
    )
    def test_fails_when_it_prints_a_crash(self, line):
        story = Story()
        story.prints(3, "server", line, stream="stderr")
        assert outcome(self.TERMS, story.ends(9)) is Outcome.FAILED
        quiet = Story()
        quiet.prints(3, "server", line, stream="stdout")
        assert outcome(self.TERMS, quiet.ends(9)) is Outcome.PASSED
