"""Which datagrams of a flow count."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from stories import Story

from harness.checks.flights import FlowFlights, flights_of
from harness.trace.events import FateEvent, Sent


def flows_of(story: Story, last: int = 10**9, dport: int | None = None) -> tuple[FlowFlights, ...]:
    fates: dict[int, list[FateEvent]] = {}
    for event in story.events:
        if isinstance(event, FateEvent):
            fates.setdefault(event.of, []).append(event)
    sents = (event for event in story.events if isinstance(event, Sent) and event.n <= last)
    return flights_of((sent for sent in sents if dport in (None, sent.dport)), fates)


def test_every_datagram_with_a_fate_counts() -> None:
    story = Story()
    story.arrives(story.sends("a>b", 1), 5)
    story.drops(story.sends("a>b", 2), 2)
    (flow,) = flows_of(story)
    assert [len(flight.arrivals) for flight in flow.counted] == [1, 0]
    assert flow.first_open is None


def test_the_first_datagram_still_on_its_way_ends_the_count() -> None:
    story = Story()
    story.arrives(story.sends("a>b", 1), 5)
    slow = story.sends("a>b", 2)
    story.drops(story.sends("a>b", 3), 3)
    (flow,) = flows_of(story)
    assert len(flow.counted) == 1
    assert len(flow.all) == 3
    assert flow.first_open == slow


def test_each_flow_has_a_count_of_its_own() -> None:
    story = Story()
    story.sends("a>b", 1)
    story.arrives(story.sends("c>b", 2), 3)
    story.arrives(story.sends("b>a", 3), 4)
    counted = {(flow.source, flow.target): len(flow.counted) for flow in flows_of(story)}
    assert counted == {("a", "b"): 0, ("c", "b"): 1, ("b", "a"): 1}


def test_a_datagram_left_out_does_not_end_the_count() -> None:
    story = Story()
    story.sends("a>b", 1, dport=53)
    story.arrives(story.sends("a>b", 2), 3)
    (flow,) = flows_of(story, dport=9999)
    assert len(flow.counted) == 1


def test_a_copy_still_on_its_way_keeps_its_datagram_open() -> None:
    story = Story()
    sent = story.sends("a>b", 1)
    story.copies(sent, 1)
    story.arrives(sent, 2)
    (flow,) = flows_of(story)
    assert flow.counted == ()
    story.drops(sent, 3, copy=1)
    (flow,) = flows_of(story)
    assert len(flow.counted) == 1


def test_a_fate_after_the_end_counts_and_a_sending_after_it_does_not() -> None:
    story = Story()
    sent = story.sends("a>b", 9_999)
    end = story.ends(10_000)
    story.sends("a>b", 10_001)
    story.arrives(sent, 10_030)
    (flow,) = flows_of(story, last=end.n)
    assert len(flow.all) == 1
    assert flow.counted[0].first is not None


def test_a_changed_payload_is_what_arrived() -> None:
    story = Story()
    sent = story.sends("a>b", 1, payload=b"12345678")
    event = story.arrives(sent, 2)
    assert flows_of(story)[0].counted[0].payload_bytes == 8
    story.events[-1] = type(event)(
        **{**{f: getattr(event, f) for f in event.__struct_fields__}, "payload": b"123"}
    )
    assert flows_of(story)[0].counted[0].payload_bytes == 3


@given(st.lists(st.sampled_from(["arrives", "drops", "open"]), max_size=30))
def test_what_counts_is_the_run_of_datagrams_before_the_first_open_one(fates: list[str]) -> None:
    story = Story()
    for k, fate in enumerate(fates):
        sent = story.sends("a>b", k)
        if fate != "open":
            getattr(story, fate)(sent, k + 0.5)
    counted = flows_of(story)[0].counted if fates else ()
    border = fates.index("open") if "open" in fates else len(fates)
    assert [flight.sent.k for flight in counted] == list(range(1, border + 1))
