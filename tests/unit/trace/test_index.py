"""Questions to a trace."""

import pytest
from happenings import S, delivered, dropped, output, sent, trace

from harness.errors import TraceFault
from harness.trace.events import Address, Duplicated, Ended, Icmp
from harness.trace.index import TraceIndex


def test_fates_are_found_by_the_number_of_the_sending():
    index = TraceIndex(trace(sent(1), sent(2), dropped(3, 2), delivered(4, 1)))
    assert [fate.n for fate in index.fates(1)] == [4]
    assert [fate.n for fate in index.fates(2)] == [3]
    assert index.fates(3) == ()
    assert index.sent(1).k == 1
    assert index.sent(3) is None


def test_the_payload_of_a_delivered_is_its_own_or_the_sent_one():
    refusal = Icmp(n=4, t=4, source="server", target="alice", code="port-unreachable", of=1)
    index = TraceIndex(trace(sent(1, b"a"), delivered(2, 1), delivered(3, 1, payload=b"b"), refusal))
    assert [index.payload(index.event(n)) for n in (1, 2, 3, 4)] == [b"a", b"a", b"b", b""]


def test_a_datagram_is_in_flight_until_its_last_copy_has_ended():
    doubled = Duplicated(n=2, t=2, source="alice", target="server", k=1, of=1)
    index = TraceIndex(trace(sent(1), doubled, delivered(3, 1), sent(4), dropped(5, 1, copy=1)))
    flying = {n: [event.n for event in index.in_flight(n)] for n in range(6)}
    assert flying == {0: [], 1: [1], 2: [1], 3: [1], 4: [1, 4], 5: [4]}


def test_events_are_found_by_number_and_by_time():
    index = TraceIndex(trace(*(output(n, "x") for n in range(1, 10))))
    assert [event.n for event in index.between(3, 5)] == [3, 4, 5]
    assert [event.n for event in index.during(3 * S, 5 * S)] == [3, 4, 5]


def test_a_number_that_does_not_exist_is_told_with_those_that_do():
    with pytest.raises(TraceFault, match="no event 9; it has 1 to 2"):
        TraceIndex(trace(output(1, "a"), output(2, "b"))).event(9)
    with pytest.raises(TraceFault, match="it has none"):
        TraceIndex(trace()).event(1)


def test_a_host_is_where_its_viewer_saw_it_last():
    def address(n, where, viewer="server"):
        return Address(n=n, t=n, viewer=viewer, host="alice", address=where)

    index = TraceIndex(trace(address(1, "127.0.0.2"), address(2, "::1", "bob"), address(3, "127.9.9.9")))
    assert index.address("server", "alice") == "127.9.9.9"
    assert index.address("server", "alice", before=2) == "127.0.0.2"
    assert index.address("server", "bob") == ""


def test_the_end_is_the_first_that_is_written():
    assert TraceIndex(trace(output(1, "a"))).end is None
    ended = Ended(n=2, t=2, why="until")
    assert TraceIndex(trace(output(1, "a"), ended)).end == ended
