"""Patterns watched live find what the judges find, member by member and in order."""

from __future__ import annotations

from harness.checks.directory import Directory
from harness.errors import Place
from harness.labs.watch import Hit, Match, Watch, live_match, rendezvous
from harness.scenario.model import (
    AtTime,
    Either,
    End,
    Flow,
    Host,
    HostRef,
    Kind,
    Pattern,
    Scenario,
    Sequence,
    Single,
    Whose,
)
from harness.trace.events import AnyEvent, Exited, Output, Sent

HERE = Place("s.yaml", 1, 1)
CLIENT = HostRef("client")
SCENARIO = Scenario(
    path="s.yaml",
    claim="c",
    variant="",
    digest="",
    text="",
    until=AtTime(10),
    hosts={
        "server": Host("server", HERE, run=("s",)),
        "client": Host("client", HERE, run=("c",), count=3),
    },
    checks=(),
)


def live() -> Match:
    return live_match(SCENARIO, Directory())


def output(says: str | None = None, host: HostRef = CLIENT, **more: int) -> Single:
    return Single(Kind.OUTPUT, HERE, host=host, says=says, **more)  # type: ignore[arg-type]


def said(n: int, line: str, host: str = "client-1") -> Output:
    return Output(n=n, t=n * 10, host=host, stream="stdout", line=line)


def hits(pattern: Pattern, *events: AnyEvent) -> list[Hit]:
    watch = Watch(pattern, live())
    return [hit for event in events for hit in watch.feed(event)]


def met(pattern: Pattern, *events: AnyEvent) -> list[Hit]:
    waiting = rendezvous(pattern, SCENARIO, live())
    return [hit for event in events if (hit := waiting.feed(event)) is not None]


def test_every_match_is_a_hit_moved_by_plus() -> None:
    found = hits(output("a", plus_ns=3), said(1, "a"), said(2, "b"), said(3, "a", "client-2"))
    assert found == [Hit(13, 1, {"client": "client-1"}), Hit(33, 3, {"client": "client-2"})]


def test_nth_counts_apart_for_members_and_caught_texts() -> None:
    pattern = output(r"ask (?P<id>\d)", nth=2)
    events = [
        said(1, "ask 1"),
        said(2, "ask 1", "client-2"),
        said(3, "ask 2"),
        said(4, "ask 1"),
        said(5, "ask 1"),
    ]
    assert [hit.event for hit in hits(pattern, *events)] == [4]


def test_either_part_counts_every_event_and_one_event_hits_once() -> None:
    first, second = output("a"), output("a|b", nth=2)
    found = hits(Either((first, second), HERE), said(1, "a"), said(2, "b"), said(3, "a"))
    assert [hit.event for hit in found] == [1, 2, 3]


def test_either_has_a_count_and_a_plus_of_its_own() -> None:
    either = Either((output("a", plus_ns=1), output("b")), HERE, nth=2, plus_ns=5)
    assert [hit.at_ns for hit in hits(either, said(1, "b"), said(2, "a"), said(3, "b"))] == [26]


def test_a_sequence_is_met_by_its_last_event() -> None:
    pair = Sequence((output("a"), output("b", plus_ns=2)), HERE)
    found = hits(pair, said(1, "b"), said(2, "a"), said(3, "x"), said(4, "b"), said(5, "b"))
    assert [(hit.event, hit.at_ns) for hit in found] == [(4, 42)]


def test_one_event_is_never_two_links_of_a_sequence() -> None:
    twice = Sequence((output("a"), output("a")), HERE)
    assert [hit.event for hit in hits(twice, said(1, "a"), said(2, "a"), said(3, "a"))] == [2, 3]


def test_a_sequence_keeps_to_one_member_and_to_what_was_caught() -> None:
    pair = Sequence((output(r"ask (?P<id>\d)"), output("answer $(id)")), HERE)
    found = hits(
        pair,
        said(1, "ask 1"),
        said(2, "answer 2"),
        said(3, "answer 1", "client-2"),
        said(4, "answer 1"),
    )
    assert found == [Hit(40, 4, {"client": "client-1", "id": "1"})]


def test_a_later_link_with_nth_counts_from_the_start_of_the_run() -> None:
    pair = Sequence((output("a"), output("b", nth=2)), HERE)
    assert [h.event for h in hits(pair, said(1, "b"), said(2, "a"), said(3, "b"))] == [3]
    assert hits(pair, said(1, "b"), said(2, "b"), said(3, "a"), said(4, "b")) == []


def test_beginnings_that_caught_the_same_are_kept_once() -> None:
    pair = Sequence((output("a"), output("b")), HERE)
    watch = Watch(pair, live())
    for n in range(1, 1000):
        watch.feed(said(n, "a"))
    assert [len(chains._waiting) for chains in watch._chains] == [0, 1]


def test_an_instant_of_a_group_waits_for_every_member_and_binds_none() -> None:
    events = [
        said(1, "in", "client-2"),
        said(2, "in", "client-2"),
        said(3, "in", "client-1"),
        said(4, "in", "client-3"),
        said(5, "in", "client-3"),
    ]
    assert met(output("in"), *events) == [Hit(40, 4, {})]


def test_an_instant_of_any_member_waits_for_the_first() -> None:
    anyone = output("in", HostRef("client", whose=Whose.ANY))
    assert [hit.event for hit in met(anyone, said(1, "x"), said(2, "in"), said(3, "in"))] == [2]


def test_a_group_that_only_the_text_names_is_waited_for_as_well() -> None:
    server = output("joined $(client.name)", HostRef("server"))
    lines = ["joined client-1", "joined client-1", "joined client-3", "joined client-2"]
    events = [said(n, line, "server") for n, line in enumerate(lines, 1)]
    assert [hit.event for hit in met(server, *events)] == [4]


def test_a_member_named_by_number_is_waited_for_alone() -> None:
    one = output("in", HostRef("client", member=2))
    assert [h.event for h in met(one, said(1, "in"), said(2, "in", "client-2"))] == [2]


def test_a_match_that_binds_no_member_counts_for_all() -> None:
    either = Either((output("in"), output("closed", HostRef("server"))), HERE)
    events = [said(1, "in"), said(2, "closed", "server")]
    assert [hit.event for hit in met(either, *events)] == [2]


def test_a_group_bound_before_is_that_member() -> None:
    waiting = rendezvous(output("in"), SCENARIO, live(), {"client": "client-2"})
    assert waiting.feed(said(1, "in", "client-1")) is None
    assert waiting.feed(said(2, "in", "client-2")) == Hit(20, 2, {"client": "client-2"})


def test_exits_and_datagrams_are_watched_like_lines() -> None:
    flow = Flow(End(CLIENT), End(HostRef("server"), 9999))
    sent = Single(Kind.SENT, HERE, flows=(flow,), nth=2)
    gone = Single(Kind.EXIT, HERE, host=CLIENT)
    events = [
        Sent(n=1, t=1, source="client-1", target="server", k=1, payload=b"", dport=9999),
        Sent(n=2, t=2, source="client-1", target="server", k=2, payload=b"", dport=53),
        Sent(n=3, t=3, source="client-1", target="server", k=3, payload=b"", dport=9999),
        Exited(n=4, t=4, host="client-1", code=0, by="step"),
        Exited(n=5, t=5, host="client-1", code=0),
    ]
    assert [hit.event for hit in hits(sent, *events)] == [3]
    assert [hit.event for hit in hits(gone, *events)] == [5]
