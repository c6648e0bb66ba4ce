"""Fates out of a trace: what the link decided, counted from the moment of sending."""

from harness.link.fate import Fate
from harness.runner.replay import recorded_fates
from harness.trace.events import Corrupted, Delivered, Dropped, Duplicated, Header, Sent, Trace

HEADER = Header(scenario="s", digest="d", seed=1, lab="loopback", engine="user")
ENDS = {"source": "a", "target": "b"}


def fates(*events):
    return recorded_fates(Trace(HEADER, events))


def sent(n, k, t):
    return Sent(n=n, t=t, k=k, payload=b"x", **ENDS)


def test_times_count_from_sending_and_without_the_labs_lag():
    events = (sent(1, 1, 100), Delivered(n=2, t=150, lag=10, k=1, of=1, **ENDS))
    assert fates(*events) == {"a>b": ((Fate(40),),)}


def test_what_the_link_dropped_stays_dropped():
    events = (sent(1, 1, 0), Dropped(n=2, t=5, k=1, of=1, reason="loss", **ENDS))
    assert fates(*events) == {"a>b": ((Fate(5, "loss"),),)}


def test_what_the_receiver_dropped_is_delivered_by_the_link_again():
    events = (sent(1, 1, 0), Dropped(n=2, t=5, k=1, of=1, reason="nobody", **ENDS))
    assert fates(*events) == {"a>b": ((Fate(5),),)}


def test_copies_and_flipped_bits_come_back():
    events = (
        sent(1, 1, 0),
        Duplicated(n=2, t=0, k=1, of=1, **ENDS),
        Corrupted(n=3, t=0, k=1, of=1, copy=1, bit=7, **ENDS),
        Delivered(n=4, t=3, k=1, of=1, **ENDS),
        Delivered(n=5, t=9, k=1, of=1, copy=1, payload=b"y", **ENDS),
    )
    assert fates(*events) == {"a>b": ((Fate(3), Fate(9, copy=1, bit=7)),)}


def test_positions_are_kept_where_a_datagram_has_no_fate():
    events = (sent(1, 1, 0), sent(2, 2, 1), Delivered(n=3, t=4, k=2, of=2, **ENDS))
    assert fates(*events) == {"a>b": ((), (Fate(3),))}
