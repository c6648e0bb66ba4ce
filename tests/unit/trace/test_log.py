"""The log: numbers in order, times from zero, nothing kept."""

import pytest

from harness.trace.events import Note
from harness.trace.log import Log


def test_what_comes_before_zero_is_held_back_and_gets_a_negative_time():
    seen = []
    log = Log(seen.append)
    first = log.add(Note, 90, text="early")
    assert seen == []
    assert log.zero_ns is None
    log.set_zero(100)
    second = log.add(Note, 130, text="later")
    assert [(event.n, event.t, event.text) for event in seen] == [(1, -10, "early"), (2, 30, "later")]
    assert (first, second) == (1, 2)


def test_zero_is_set_once():
    log = Log()
    log.set_zero(1)
    with pytest.raises(ValueError, match="already"):
        log.set_zero(2)


def test_a_sink_added_later_sees_what_comes_later():
    first, second = [], []
    log = Log(first.append)
    log.set_zero(0)
    log.add(Note, 1, text="a")
    log.add_sink(second.append)
    log.add(Note, 2, text="b")
    assert [event.text for event in first] == ["a", "b"]
    assert [event.text for event in second] == ["b"]
