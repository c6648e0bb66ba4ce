"""The timeline: what is ordered, when, in which order, and for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from harness.checks.directory import Directory
from harness.errors import Place
from harness.labs.director import Begin, Director, EndRun, Order, StartHost, Undo
from harness.labs.watch import live_match
from harness.scenario.model import (
    AtMark,
    AtPattern,
    AtTime,
    Host,
    HostAction,
    HostRef,
    Instant,
    Kind,
    Pattern,
    Scenario,
    Single,
    Step,
    Whose,
)
from harness.trace.events import Fault, Output

HERE = Place("s.yaml", 1, 1)
KILL = HostAction("kill", HostRef("client"))
HOSTS = {
    "server": Host("server", HERE, run=("s",)),
    "client": Host("client", HERE, run=("c",), count=2),
}
SCENARIO = Scenario(
    path="s.yaml",
    claim="c",
    variant="",
    digest="",
    text="",
    until=AtTime(100),
    hosts=HOSTS,
    checks=(),
)


def line(
    says: str, host: HostRef | None = None, *, nth: int | None = None, plus_ns: int = 0
) -> Single:
    who = HostRef("server") if host is None else host
    return Single(Kind.OUTPUT, HERE, host=who, says=says, nth=nth, plus_ns=plus_ns)


def step(at: Instant | None = None, *, each: Pattern | None = None, **more: object) -> Step:
    return Step(0, HERE, "kill: client", at=at, each=each, action=KILL, **more)  # type: ignore[arg-type]


def mark(name: str, *, end: bool = False, index: int | None = None, plus_ns: int = 0) -> AtMark:
    return AtMark(name, HERE, end=end, index=index, plus_ns=plus_ns)


class Run:
    """A director under a lab that carries out every order at the instant it is due.

    ``course`` holds ``(time, what)`` with ``begin 0/1`` for the first repeat of step 0.
    """

    def __init__(
        self,
        *steps: Step,
        until: Instant = SCENARIO.until,
        deadline_ns: int = 60,
        hosts: Mapping[str, Host] = HOSTS,
        late_ns: int = 0,
    ) -> None:
        timeline = tuple(replace(step, index=index) for index, step in enumerate(steps))
        scenario = replace(
            SCENARIO, timeline=timeline, until=until, deadline_ns=deadline_ns, hosts=hosts
        )
        self.director = Director(scenario, live_match(scenario, Directory()))
        self.course: list[tuple[int, str]] = []
        self.caught: list[Mapping[str, str]] = []
        self.triggers: list[int] = []
        self.n = 0
        self.late_ns = late_ns

    def say(self, t: int, text: str, host: str = "server") -> int:
        """A line of output at ``t``, after everything that was due before."""
        self.play(t - 1)
        self.n += 1
        self.director.feed(Output(n=self.n, t=t, host=host, stream="stdout", line=text))
        return self.n

    def play(self, now_ns: int = 1000) -> list[tuple[int, str]]:
        """Let time pass."""
        while orders := self.director.due(now_ns):
            for at_ns, order in orders:
                self._carry_out(at_ns, order)
        return self.course

    def _carry_out(self, at_ns: int, order: Order) -> None:
        match order:
            case Begin(step, index, caught, trigger):
                self.course.append((at_ns, f"begin {step.index}/{index}"))
                self.caught.append(caught)
                self.triggers.append(trigger)
                self._fault(at_ns, step, index, on=True)
            case Undo(step, index, _):
                self.course.append((at_ns, f"undo {step.index}/{index}"))
                self._fault(at_ns, step, index, on=False)
            case StartHost(host):
                self.course.append((at_ns, f"start {host}"))
            case EndRun(why):
                self.course.append((at_ns, why))

    def _fault(self, at_ns: int, step: Step, index: int, *, on: bool) -> None:
        self.n += 1
        self.director.feed(
            Fault(
                n=self.n,
                t=at_ns + self.late_ns,
                step=step.index,
                on=on,
                text=step.text,
                mark=step.mark,
                index=index,
            )
        )


def test_nothing_is_due_before_its_time() -> None:
    run = Run(step(AtTime(5)))
    assert run.play(4) == []
    assert run.director.next_due_ns() == 5
    assert run.play(5) == [(5, "begin 0/1")]


def test_a_step_lasts_as_long_as_it_says_and_the_run_ends() -> None:
    assert Run(step(AtTime(5), lasts_ns=7)).play() == [
        (5, "begin 0/1"),
        (12, "undo 0/1"),
        (100, "until"),
    ]


def test_after_the_end_nothing_is_ordered_or_learned() -> None:
    run = Run(step(AtTime(99), lasts_ns=7), step(each=line("x")))
    run.play()
    run.say(101, "x")
    assert run.director.over
    assert run.director.next_due_ns() is None
    assert run.play() == [(99, "begin 0/1"), (100, "until")]
    assert run.director.missed() == [1]


def test_at_the_same_instant_the_old_ends_the_new_begins_and_the_run_ends_last() -> None:
    run = Run(step(AtTime(90), lasts_ns=10), step(AtTime(100)))
    assert run.play() == [(90, "begin 0/1"), (100, "undo 0/1"), (100, "begin 1/1"), (100, "until")]


def test_repeats_keep_their_beat_and_their_number() -> None:
    course = Run(step(AtTime(5), every_ns=20, times=3, lasts_ns=2), late_ns=1).play()
    assert course[:-1] == [
        *((5, "begin 0/1"), (7, "undo 0/1")),
        *((25, "begin 0/2"), (27, "undo 0/2")),
        *((45, "begin 0/3"), (47, "undo 0/3")),
    ]


def test_repeats_without_times_go_on_to_the_end_and_include_it() -> None:
    course = Run(step(AtTime(40), every_ns=30)).play()
    assert [at for at, _ in course] == [40, 70, 100, 100]


def test_a_mark_is_the_moment_of_effect_not_the_moment_planned() -> None:
    run = Run(step(AtTime(5), mark="outage"), step(mark("outage", plus_ns=10)), late_ns=3)
    assert run.play(50) == [(5, "begin 0/1"), (18, "begin 1/1")]


def test_the_end_of_a_mark_is_its_own_instant() -> None:
    run = Run(
        step(AtTime(5), lasts_ns=20, mark="outage"),
        step(mark("outage", end=True, plus_ns=1)),
        step(AtTime(10), until=mark("outage", end=True)),
    )
    assert run.play(50) == [
        *((5, "begin 0/1"), (10, "begin 2/1"), (25, "undo 0/1"), (25, "undo 2/1")),
        (26, "begin 1/1"),
    ]


def test_a_repeated_mark_is_named_by_its_number() -> None:
    run = Run(
        step(AtTime(5), every_ns=10, times=3, lasts_ns=1, mark="outage"),
        step(mark("outage", index=2)),
        step(mark("outage", index=3, end=True)),
    )
    begun = {what: at for at, what in run.play()}
    assert (begun["begin 1/1"], begun["begin 2/1"]) == (15, 26)


def test_a_mark_whose_name_ends_in_a_number_is_no_repeat() -> None:
    run = Run(step(AtTime(5), mark="phase-2"), step(mark("phase", index=2)))
    assert run.play(50) == [(5, "begin 0/1"), (5, "begin 1/1")]


def test_a_moment_before_a_planned_mark_is_kept() -> None:
    run = Run(step(AtTime(50), mark="outage"), step(mark("outage", plus_ns=-20)))
    assert run.play(60) == [(30, "begin 1/1"), (50, "begin 0/1")]


def test_an_end_at_a_mark_that_has_passed_counts_from_it() -> None:
    run = Run(
        step(AtTime(5), mark="first"),
        step(AtTime(10), until=mark("first", plus_ns=30)),
        step(AtTime(20), until=mark("first", plus_ns=2)),
    )
    assert run.play(60) == [
        (5, "begin 0/1"),
        (10, "begin 1/1"),
        (20, "begin 2/1"),
        (20, "undo 2/1"),
        (35, "undo 1/1"),
    ]


def test_an_instant_of_a_pattern_is_its_first_match_moved_by_plus() -> None:
    run = Run(step(AtPattern(line("up", plus_ns=4))))
    trigger = run.say(10, "up")
    run.say(20, "up")
    assert run.play(50) == [(14, "begin 0/1")]
    assert run.triggers == [trigger]


def test_an_instant_of_a_pattern_is_its_nth_match() -> None:
    run = Run(step(AtPattern(line("up", nth=2))))
    run.say(10, "up")
    run.say(20, "up")
    assert run.play(50) == [(20, "begin 0/1")]


def test_repeats_of_a_pattern_remember_what_began_them() -> None:
    run = Run(step(AtPattern(line("up")), every_ns=10, times=3))
    trigger = run.say(10, "up")
    assert run.play(50) == [(10, "begin 0/1"), (20, "begin 0/2"), (30, "begin 0/3")]
    assert run.triggers == [trigger] * 3


def test_each_match_is_a_step_for_the_member_that_matched() -> None:
    run = Run(step(each=line("in", HostRef("client")), lasts_ns=5))
    triggers = [run.say(10, "in", "client-2"), run.say(12, "in", "client-1")]
    assert run.play(50) == [
        *((10, "begin 0/1"), (12, "begin 0/2")),
        *((15, "undo 0/1"), (17, "undo 0/2")),
    ]
    assert run.caught == [{"client": "client-2"}, {"client": "client-1"}]
    assert run.triggers == triggers


def test_each_stops_after_its_times() -> None:
    run = Run(step(each=line("x"), times=2))
    for at in (10, 20, 30):
        run.say(at, "x")
    assert run.play(50) == [(10, "begin 0/1"), (20, "begin 0/2")]


def test_an_instant_of_a_group_waits_for_all_and_concerns_all() -> None:
    run = Run(step(AtPattern(line("in", HostRef("client")))))
    run.say(10, "in", "client-2")
    run.say(20, "in", "client-1")
    assert run.play(50) == [(20, "begin 0/1")]
    assert run.caught == [{}]


def test_an_instant_of_any_member_waits_for_the_first() -> None:
    run = Run(step(AtPattern(line("in", HostRef("client", whose=Whose.ANY)))))
    run.say(10, "in", "client-2")
    assert run.play(50) == [(10, "begin 0/1")]


def test_the_end_of_a_triggered_step_is_that_of_its_own_member() -> None:
    run = Run(
        step(
            each=line("in", HostRef("client")),
            until=AtPattern(line("out", HostRef("client"))),
        )
    )
    run.say(10, "in", "client-2")
    run.say(20, "in", "client-1")
    run.say(30, "out", "client-1")
    run.say(40, "out", "client-2")
    assert run.play(50)[2:] == [(30, "undo 0/2"), (40, "undo 0/1")]


def test_a_pattern_ends_a_step_at_its_next_match() -> None:
    run = Run(step(AtTime(15), until=AtPattern(line("x"))))
    run.say(10, "x")
    run.say(20, "x")
    assert run.play(50) == [(15, "begin 0/1"), (20, "undo 0/1")]


def test_an_nth_end_counts_from_the_start_of_the_run() -> None:
    run = Run(
        step(AtTime(15), until=AtPattern(line("x", nth=2))),
        step(AtTime(30), until=AtPattern(line("x", nth=2))),
    )
    run.say(10, "x")
    run.say(20, "x")
    assert run.play(50) == [
        *((15, "begin 0/1"), (20, "undo 0/1")),
        *((30, "begin 1/1"), (30, "undo 1/1")),
    ]


def test_a_lab_that_looks_late_misses_no_step_that_waits_for_another() -> None:
    run = Run(
        step(AtTime(98), mark="m"), step(mark("m")), step(mark("m", plus_ns=1)), step(AtTime(99))
    )
    assert run.play(1000) == [
        *((98, "begin 0/1"), (98, "begin 1/1")),
        *((99, "begin 3/1"), (99, "begin 2/1"), (100, "until")),
    ]


def test_what_happened_before_zero_takes_effect_at_zero() -> None:
    run = Run(step(AtPattern(line("up"))))
    run.n += 1
    run.director.feed(Output(n=run.n, t=-50, host="server", stream="stdout", line="up"))
    assert run.play(50) == [(0, "begin 0/1")]


def test_the_run_ends_with_the_event_it_waits_for() -> None:
    run = Run(until=AtPattern(line("done", plus_ns=5)))
    run.say(10, "done")
    assert run.play() == [(15, "until")]


def test_the_run_ends_at_the_deadline_when_the_event_does_not_come() -> None:
    assert Run(until=AtPattern(line("done"))).play() == [(60, "deadline")]


def test_an_event_before_the_deadline_counts_though_its_plus_reaches_beyond() -> None:
    run = Run(until=AtPattern(line("done", plus_ns=5)))
    run.say(58, "done")
    assert run.play() == [(63, "until")]


def test_the_deadline_is_not_for_an_end_that_the_plan_tells() -> None:
    run = Run(step(AtTime(50), lasts_ns=10, mark="m"), until=mark("m", end=True, plus_ns=30))
    assert run.play()[-1] == (90, "until")


def test_the_deadline_is_for_an_end_at_a_mark_that_waits_for_an_event() -> None:
    run = Run(step(AtPattern(line("x")), mark="m"), until=mark("m"))
    assert run.play() == [(60, "deadline")]
    assert run.director.missed() == [0]


def test_hosts_start_at_their_instants() -> None:
    hosts = {
        "server": replace(HOSTS["server"], starts=AtTime(3)),
        "client": replace(HOSTS["client"], starts=AtPattern(line("up"))),
    }
    run = Run(hosts=hosts)
    run.say(10, "up")
    assert run.play(50) == [(3, "start server"), (10, "start client-1"), (10, "start client-2")]


def test_steps_that_never_happened_are_told() -> None:
    run = Run(step(AtTime(5)), step(AtPattern(line("x"))), step(mark("nowhere")))
    run.play()
    assert run.director.missed() == [1, 2]


@given(
    st.lists(st.tuples(st.integers(0, 120), st.integers(1, 40), st.integers(1, 4)), max_size=8),
    st.lists(st.integers(0, 120), max_size=10),
)
def test_orders_come_in_time_and_every_undo_follows_its_begin(
    plans: list[tuple[int, int, int]], looks: list[int]
) -> None:
    """However often the lab looks, the course is the same."""
    steps = [step(AtTime(at), lasts_ns=d, every_ns=d, times=n) for at, d, n in plans]
    seen = Run(*steps)
    for now_ns in sorted(looks):
        seen.play(now_ns)
    course = seen.play()
    assert course == Run(*steps).play()
    assert [at for at, _ in course] == sorted(at for at, _ in course)
    assert course[-1] == (100, "until")
    for position, (_, what) in enumerate(course):
        if what.startswith("undo"):
            assert what.replace("undo", "begin") in [each for _, each in course[:position]]
