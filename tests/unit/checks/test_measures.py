"""Measures on hand-written traces: what counts, what it comes to, and what it is judged as."""

from __future__ import annotations

from fractions import Fraction

import pytest
from stories import MS, PLACE, Story, flow, scenario

from harness.checks.matching import EventIndex
from harness.checks.measures import judge_measure
from harness.checks.verdict import CheckVerdict, Outcome, Tally
from harness.scenario.model import (
    Either,
    GilbertElliott,
    Host,
    HostRef,
    Kind,
    LinkFields,
    LinkRule,
    Measure,
    Plain,
    Scenario,
    Single,
    Whose,
)
from harness.scenario.model import Sequence as PatternSequence
from harness.units import Range

NONE = Range(Fraction(0), Fraction(0))
ALL = Range(Fraction(1), Fraction(1))
FLOW = (flow("alice>server"),)


def judge(
    story: Story,
    measure: Measure,
    bounds: Range,
    *,
    window: tuple[int, int] | None = None,
    binding: dict[str, str] | None = None,
    given: Scenario | None = None,
) -> CheckVerdict:
    model = given or scenario()
    plain = Plain("measure", PLACE, "measure: {}", measure=measure, bounds=bounds)
    return judge_measure(plain, model, EventIndex(model, story.events), binding or {}, window)


def says(regex: str, host: str = "server", **fields: object) -> Single:
    return Single(Kind.OUTPUT, PLACE, host=HostRef(host), says=regex, **fields)  # type: ignore[arg-type]


def lossy(lost: int, arrived: int) -> Story:
    story = Story()
    for k in range(lost + arrived):
        sent = story.sends("alice>server", k)
        if k < lost:
            story.drops(sent, k)
        else:
            story.arrives(sent, k + 20)
    story.ends(10_000)
    return story


# -- loss, duplicates ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lost", "arrived", "bounds", "outcome"),
    [
        (0, 10, NONE, Outcome.PASSED),
        (1, 10, NONE, Outcome.FAILED),
        (10, 0, ALL, Outcome.PASSED),
        (10, 1, ALL, Outcome.FAILED),
        (60, 140, Range(Fraction(15, 100), Fraction(48, 100)), Outcome.PASSED),
        (60, 140, Range(Fraction(25, 100), Fraction(35, 100)), Outcome.INCONCLUSIVE),
        (60, 140, Range(None, Fraction(5, 100)), Outcome.FAILED),
        (0, 0, NONE, Outcome.FAILED),
    ],
)
def test_loss_is_judged_as_a_share(
    lost: int, arrived: int, bounds: Range, outcome: Outcome
) -> None:
    verdict = judge(lossy(lost, arrived), Measure("loss", flows=FLOW), bounds)
    assert verdict.outcome is outcome, verdict.reason
    assert verdict.tally == Tally(lost, lost + arrived)


def test_the_reason_of_a_share_has_its_numbers() -> None:
    verdict = judge(lossy(1, 9), Measure("loss", flows=FLOW), NONE)
    assert verdict.reason == "loss 1 of 10 (10%), asked for 0%"
    assert verdict.value == "10%"
    assert verdict.evidence == (1,)
    assert verdict.deciding == 1


def test_nothing_to_count_is_a_failure_that_says_where_it_looked() -> None:
    verdict = judge(lossy(0, 9), Measure("loss", flows=(flow("server>alice"),)), NONE)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.reason == "nothing to count: no datagram on server -> alice in the run"


def test_what_is_slow_is_not_lost() -> None:
    story = Story()
    story.arrives(story.sends("alice>server", 1), 5)
    story.sends("alice>server", 2)
    story.drops(story.sends("alice>server", 3), 3)
    story.ends(10)
    verdict = judge(story, Measure("loss", flows=FLOW), NONE)
    assert (verdict.outcome, verdict.tally) == (Outcome.PASSED, Tally(0, 1))


def test_a_delivery_after_the_end_counts() -> None:
    story = Story()
    sent = story.sends("alice>server", 9)
    story.ends(10)
    story.arrives(sent, 40)
    story.sends("alice>server", 41)
    assert judge(story, Measure("loss", flows=FLOW), NONE).tally == Tally(0, 1)


def test_the_window_chooses_by_the_time_of_sending() -> None:
    story = Story()
    story.arrives(story.sends("alice>server", 10), 500)
    story.drops(story.sends("alice>server", 20), 20)
    story.drops(story.sends("alice>server", 30), 30)
    story.ends(1000)
    window = (10 * MS, 20 * MS)  # both ends belong to it
    verdict = judge(story, Measure("loss", flows=FLOW), ALL, window=window)
    assert verdict.tally == Tally(1, 2)
    assert verdict.window_ns == window


def test_delivered_more_than_once_is_a_duplicate_however_many_copies() -> None:
    story = Story()
    for copies in (0, 1, 2):
        sent = story.sends("alice>server", copies)
        story.arrives(sent, 10)
        for copy in range(1, copies + 1):
            story.copies(sent, copies)
            story.arrives(sent, 11, copy=copy)
    story.drops(story.sends("alice>server", 5), 5)
    story.ends(100)
    assert judge(story, Measure("duplicates", flows=FLOW), NONE).tally == Tally(2, 4)
    assert judge(story, Measure("loss", flows=FLOW), NONE).tally == Tally(1, 4)


def test_a_group_is_measured_for_the_bound_member() -> None:
    story = Story()
    story.drops(story.sends("client-1>server", 1), 1)
    story.arrives(story.sends("client-2>server", 2), 3)
    story.ends(10)
    measure = Measure("loss", flows=(flow("client>server"),))
    one = judge(story, measure, NONE, binding={"client": "client-1"})
    two = judge(story, measure, NONE, binding={"client": "client-2"})
    assert (one.tally, two.tally) == (Tally(1, 1), Tally(0, 1))


def test_both_directions_and_ports_of_a_flow() -> None:
    story = Story()
    story.drops(story.sends("alice>server", 1), 1)
    story.arrives(story.sends("server>alice", 2), 3)
    story.arrives(story.sends("alice>server", 4, dport=53), 5)
    story.ends(10)
    both = Measure("loss", flows=(flow("alice>server", both=True),))
    port = Measure("loss", flows=(flow("alice>server:53"),))
    assert judge(story, both, NONE).tally == Tally(1, 3)
    assert judge(story, port, NONE).tally == Tally(0, 1)


# -- dependence ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "ends", "clustered"),
    [
        (LinkFields(loss=GilbertElliott(Fraction(1, 100), Fraction(1, 4))), "alice>server", True),
        (LinkFields(rate_bps=1000), "alice>server", True),
        (LinkFields(limit=3), "alice>server:9999", True),
        (LinkFields(rate_bps=1000), "server>alice", False),
        (LinkFields(rate_bps=1000), "client>server", False),
        (LinkFields(loss=Fraction(1, 10)), "alice>server", False),
    ],
)
def test_bursts_and_queues_on_the_flow_make_its_fates_depend(
    fields: LinkFields, ends: str, clustered: bool
) -> None:
    given = scenario(links=(LinkRule(flow(ends), fields, PLACE, ends),))
    verdict = judge(
        lossy(60, 140), Measure("loss", flows=FLOW), Range(None, Fraction(1, 2)), given=given
    )
    assert verdict.tally == Tally(60, 200, clustered)
    assert verdict.outcome is (Outcome.INCONCLUSIVE if clustered else Outcome.PASSED)


def test_what_programs_print_may_follow_from_any_burst() -> None:
    given = scenario(
        links=(LinkRule(flow("server>alice"), LinkFields(rate_bps=9), PLACE, "server -> alice"),)
    )
    story = Story()
    story.says("server", "ask", 1)
    story.says("server", "answer", 2)
    story.ends(10)
    measure = Measure("share", pattern=says("answer"), per=says("ask"))
    assert judge(story, measure, ALL, given=given).tally == Tally(1, 1, clustered=True)


# -- reordering ------------------------------------------------------------------------------


def test_reordered_is_what_arrives_after_one_sent_later() -> None:
    story = Story()
    one, two, three = (story.sends("alice>server", k) for k in (1, 2, 3))
    story.arrives(two, 10)
    story.arrives(one, 11)
    story.arrives(three, 12)
    story.drops(story.sends("alice>server", 20), 20)
    story.ends(100)
    verdict = judge(story, Measure("reordering", flows=FLOW), NONE)
    assert (verdict.outcome, verdict.tally) == (Outcome.FAILED, Tally(1, 3))


def test_a_late_copy_is_no_reordering() -> None:
    story = Story()
    one, two = story.sends("alice>server", 1), story.sends("alice>server", 2)
    story.copies(one, 1)
    story.arrives(one, 10)
    story.arrives(two, 11)
    story.arrives(one, 12, copy=1)
    story.ends(100)
    assert judge(story, Measure("reordering", flows=FLOW), NONE).tally == Tally(0, 2)


def test_flows_of_different_hosts_do_not_reorder_one_another() -> None:
    story = Story()
    early, late = story.sends("alice>server", 1), story.sends("client-1>server", 2)
    story.arrives(late, 10)
    story.arrives(early, 11)
    story.ends(100)
    everyone = (flow("any>server"),)
    ends = everyone[0].source.__class__(HostRef(whose=Whose.ALL))
    anyone = (everyone[0].__class__(ends, everyone[0].target),)
    assert judge(story, Measure("reordering", flows=anyone), NONE).tally == Tally(0, 2)


@pytest.mark.parametrize(
    ("ids", "hits"),
    [("1 2 3", 0), ("2 1 3", 1), ("3 1 2", 2), ("1 1 2", 0), ("1 3 1", 1), ("9 10 11", 0)],
)
def test_reordering_of_a_pattern_goes_by_its_number(ids: str, hits: int) -> None:
    story = Story()
    for at_ms, number in enumerate(ids.split()):
        story.says("server", f"got {number}", at_ms)
    story.ends(100)
    measure = Measure("reordering", pattern=says(r"got (?P<id>\d+)"))
    assert judge(story, measure, NONE).tally == Tally(hits, 3)


def test_a_pattern_that_catches_no_number_fails_and_says_what_it_caught() -> None:
    story = Story()
    story.says("server", "got x", 1)
    story.ends(100)
    verdict = judge(story, Measure("reordering", pattern=says(r"got (?P<id>\w+)")), NONE)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.reason == "nothing to measure: event #1 caught 'x' as id, no number"


# -- share -----------------------------------------------------------------------------------


def test_a_share_counts_matches_for_each_match() -> None:
    story = Story()
    for at_ms, line in enumerate(["ask", "answer", "ask", "ask", "answer"]):
        story.says("server", line, at_ms)
    story.ends(100)
    story.says("server", "answer", 101)  # after E
    measure = Measure("share", pattern=says("^answer"), per=says("^ask"))
    assert judge(story, measure, ALL).tally == Tally(2, 3)


def test_numbers_caught_as_n_are_added() -> None:
    story = Story()
    for at_ms in range(5):
        story.arrives(story.sends("alice>server", at_ms), at_ms + 10)
    story.says("server", "flush hits 2", 50)
    story.says("server", "flush hits 3", 60)
    story.ends(100)
    delivered = Single(Kind.DELIVERED, PLACE, flows=FLOW)
    measure = Measure("share", pattern=says(r"flush hits (?P<n>\d+)"), per=delivered)
    verdict = judge(story, measure, ALL)
    assert (verdict.outcome, verdict.tally) == (Outcome.PASSED, Tally(5, 5))


def test_more_than_all_is_not_all() -> None:
    story = Story()
    for at_ms, line in enumerate(["ask", "answer", "answer"]):
        story.says("server", line, at_ms)
    story.ends(100)
    measure = Measure("share", pattern=says("^answer"), per=says("^ask"))
    assert judge(story, measure, ALL).outcome is Outcome.FAILED
    one = judge(story, measure, Range(Fraction(1, 2), None))
    assert one.outcome is Outcome.INCONCLUSIVE  # two of one prove no more than one of one
    assert (one.value, one.tally) == ("200%", Tally(2, 1))


def test_a_share_of_nothing_is_a_failure() -> None:
    story = Story()
    story.says("server", "answer", 1)
    story.ends(100)
    verdict = judge(story, Measure("share", pattern=says("answer"), per=says("^ask")), ALL)
    assert verdict.outcome is Outcome.FAILED
    assert "nothing to count" in verdict.reason
    assert verdict.tally == Tally(0, 0)


# -- numbers ---------------------------------------------------------------------------------


def delayed(*latencies_ms: float, lag: int = 0) -> Story:
    story = Story()
    for k, latency_ms in enumerate(latencies_ms):
        sent = story.sends("alice>server", 100 * k)
        story.arrives(sent, 100 * k + latency_ms, lag=lag)
    story.ends(10_000)
    return story


@pytest.mark.parametrize(
    ("quantile", "high_ms", "outcome"),
    [
        (Fraction(1, 2), 20, Outcome.PASSED),
        (Fraction(1, 2), 19, Outcome.FAILED),
        (Fraction(1), 40, Outcome.PASSED),
        (Fraction(1), 39, Outcome.FAILED),
    ],
)
def test_latency_is_a_quantile(quantile: Fraction, high_ms: int, outcome: Outcome) -> None:
    measure = Measure("latency", flows=FLOW, quantile=quantile)
    verdict = judge(delayed(40, 10, 20, 30), measure, Range(None, high_ms * MS))
    assert verdict.outcome is outcome, verdict.reason


def test_the_reason_of_a_number_names_value_bound_and_events() -> None:
    measure = Measure("latency", flows=FLOW, quantile=Fraction(1))
    verdict = judge(delayed(10, 40), measure, Range(None, 39 * MS))
    assert verdict.reason == "latency at quantile 100% is 40ms, asked for .. 39ms"
    assert verdict.value == "40ms"
    assert verdict.evidence == (3, 4)
    assert verdict.deciding == 4
    assert verdict.at_ns == 140 * MS


def test_a_bound_missed_by_less_than_the_lag_is_inconclusive() -> None:
    measure = Measure("latency", flows=FLOW, quantile=Fraction(1))
    close = judge(delayed(10, 42, lag=3 * MS), measure, Range(None, 40 * MS))
    assert close.outcome is Outcome.INCONCLUSIVE
    assert "39ms .. 42ms" in close.reason
    far = judge(delayed(10, 44, lag=3 * MS), measure, Range(None, 40 * MS))
    assert far.outcome is Outcome.FAILED
    low = judge(delayed(38, 39, lag=3 * MS), measure, Range(40 * MS, None))
    assert low.outcome is Outcome.FAILED  # lag at arrival makes the truth only shorter


def test_a_bound_that_is_met_is_met_whatever_the_lag() -> None:
    measure = Measure("latency", flows=FLOW, quantile=Fraction(1))
    verdict = judge(delayed(40, lag=30 * MS), measure, Range(40 * MS, 40 * MS))
    assert verdict.outcome is Outcome.PASSED
    assert verdict.resolution_ns == 30 * MS


def test_latency_of_nothing_delivered_is_a_failure() -> None:
    verdict = judge(lossy(3, 0), Measure("latency", flows=FLOW), Range(None, 10**12))
    assert verdict.outcome is Outcome.FAILED
    assert verdict.reason == "nothing to count: no datagram on alice -> server was delivered"
    assert verdict.tally is None


def paired() -> Story:
    story = Story()
    story.says("alice", "ask 1", 0)
    story.says("alice", "ask 2", 10)
    story.says("alice", "answer 2", 30)
    story.says("alice", "answer 1", 90)
    story.ends(1_000)
    return story


ASK, ANSWER = says(r"^ask (?P<id>\d+)", "alice"), says("^answer $(id)", "alice")


def test_time_goes_to_the_next_match_with_the_same_groups() -> None:
    for share, high_ms in [(Fraction(1, 2), 20), (Fraction(1), 90)]:
        measure = Measure("time", pattern=ASK, to=ANSWER, quantile=share)
        assert judge(paired(), measure, Range(high_ms * MS, high_ms * MS)).outcome is (
            Outcome.PASSED
        )


def test_same_groups_may_also_be_caught_again() -> None:
    answer = says(r"^answer (?P<id>\d+)", "alice")
    measure = Measure("time", pattern=ASK, to=answer, quantile=Fraction(1))
    assert judge(paired(), measure, Range(90 * MS, 90 * MS)).outcome is Outcome.PASSED


def test_what_has_no_answer_takes_longer_than_any() -> None:
    story = paired()
    story.events.pop()
    story.says("alice", "ask 3", 500)
    story.ends(1_000)
    story.says("alice", "answer 3", 1_001)  # after E
    whole = Measure("time", pattern=ASK, to=ANSWER, quantile=Fraction(1))
    verdict = judge(story, whole, Range(None, 10**15))
    assert verdict.outcome is Outcome.FAILED
    assert "longer than any" in verdict.reason
    most = Measure("time", pattern=ASK, to=ANSWER, quantile=Fraction(2, 3))
    assert judge(story, most, Range(None, 90 * MS)).outcome is Outcome.PASSED
    assert judge(story, whole, Range(0, None)).outcome is Outcome.PASSED


def test_an_earlier_match_is_not_the_next_one() -> None:
    story = Story()
    story.says("alice", "answer", 0)
    story.says("alice", "ask", 10)
    story.says("alice", "answer", 15)
    story.ends(100)
    measure = Measure("time", pattern=says("ask", "alice"), to=says("answer", "alice"))
    assert judge(story, measure, Range(5 * MS, 5 * MS)).outcome is Outcome.PASSED


def test_values_are_numbers_that_programs_print() -> None:
    story = Story()
    for at_ms, number in enumerate(["3", "0.5", "7"]):
        story.says("server", f"queue {number}", at_ms)
    story.ends(100)
    measure = Measure("value", pattern=says(r"queue (?P<n>[\d.]+)"), quantile=Fraction(1))
    assert judge(story, measure, Range(None, 7)).outcome is Outcome.PASSED
    verdict = judge(story, measure, Range(None, Fraction(13, 2)))
    assert verdict.reason == "value at quantile 100% is 7, asked for .. 6.5"


def test_jitter_is_judged_for_each_flow_apart() -> None:
    story = Story()
    for at_ms, latency_ms in [(0, 10), (20, 30), (40, 10)]:
        story.arrives(story.sends("client-1>server", at_ms), at_ms + latency_ms)
    for at_ms in (60, 80, 100):
        story.arrives(story.sends("client-2>server", at_ms), at_ms + 10)
    story.ends(1_000)
    both = Measure("jitter", flows=(flow("client-1>server"), flow("client-2>server")))
    assert judge(story, both, Range(None, 1 * MS)).outcome is Outcome.FAILED
    assert judge(story, both, Range(1 * MS, None)).outcome is Outcome.FAILED
    still = Measure("jitter", flows=(flow("client-2>server"),))
    assert judge(story, still, Range(0, 0)).outcome is Outcome.PASSED


def test_goodput_is_a_rate_and_needs_two_deliveries() -> None:
    story = Story()
    for at_ms in (0, 500):
        story.arrives(story.sends("alice>server", at_ms, payload=b"x" * 125), at_ms + 10)
    story.ends(1_000)
    measure = Measure("goodput", flows=FLOW)
    verdict = judge(story, measure, Range(4000, 4000))
    assert verdict.outcome is Outcome.PASSED, verdict.reason
    assert verdict.value == "4kbit/s"
    lone = judge(delayed(5), measure, Range(0, None))
    assert "no two deliveries" in lone.reason


def test_a_named_group_may_be_called_like_a_group_of_hosts() -> None:
    hosts = {**scenario().hosts, "n": Host("n", PLACE, count=2)}
    given = scenario(hosts=hosts)
    story = Story()
    story.says("server", "queue 5", 1)
    story.says("server", "queue 7", 2)
    story.ends(100)
    measure = Measure("value", pattern=says(r"queue (?P<n>\d+)"), quantile=Fraction(1))
    assert judge(story, measure, Range(7, 7), given=given).outcome is Outcome.PASSED


# -- patterns over several events ------------------------------------------------------------


def test_either_and_sequences_count_too() -> None:
    story = Story()
    for at_ms, line in enumerate(["a", "b", "a", "c", "a"]):
        story.says("server", line, at_ms)
    story.ends(100)
    either = Either((says("^b"), says("^c")), PLACE)
    pairs = PatternSequence((says("^a"), either), PLACE)
    for pattern in (either, pairs):
        measure = Measure("share", pattern=pattern, per=says("^a"))
        assert judge(story, measure, ALL).tally == Tally(2, 3)
