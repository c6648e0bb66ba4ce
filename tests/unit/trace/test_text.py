"""Events in words, and text that can do no harm."""

import hypothesis.strategies as st
import pytest
from happenings import delivered, dropped, output, sent
from hypothesis import given

from harness.trace.events import AnyEvent, Exited, Fault, Note
from harness.trace.text import ascii_only, cells, describe, excerpt, quoted, seconds, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü ✓", "plain ü ✓"),
        ("\x1b[2J\r\n", "\\x1b[2J\\x0d\\x0a"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("\U000e0001", "\\U000e0001"),
        ("a\u00a0b", "a b"),
        ("\ud800", "\\ud800"),
        ("e\u0301\u0301\u0301", "e\u0301\u0301\\u0301"),
    ],
)
def test_what_could_act_on_a_terminal_is_spelled_out(text, shown):
    assert visible(text) == shown


@given(st.text())
def test_visible_text_is_printable_and_stays_as_it_is(text):
    assert visible(text).isprintable()
    assert visible(visible(text)) == visible(text)


@given(st.text(), st.integers(1, 40))
def test_an_excerpt_fits_and_a_short_text_is_kept(text, limit):
    shown = excerpt(text, limit)
    assert cells(shown) <= limit
    assert (shown == text) == (cells(text) <= limit)


def test_wide_signs_take_two_cells_and_combining_ones_none():
    assert cells("日本") == 4
    assert cells("e\u0301") == 1
    assert excerpt("日本語", 5) == "日本…"


@given(st.text())
def test_ascii_only_text_is_ascii(text):
    assert ascii_only(text).isascii()


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (b"", "0 B"),
        (b"HEARTBEAT", '9 B "HEARTBEAT"'),
        (b"\xff\x00ok", '4 B "\\xff\\x00ok"'),
        (b"x" * 100, f'100 B "{"x" * 60}"…'),
        (b"x" * 1000, f'1000 B "{"x" * 60}"…'),
    ],
)
def test_a_payload_is_quoted_with_its_size(payload, shown):
    assert quoted(payload) == shown


@pytest.mark.parametrize(
    ("time_ns", "shown"),
    [(0, "0.000"), (12_345_600_000, "12.346"), (-1_500_000, "-0.002"), (-1, "0.000")],
)
def test_times_have_milliseconds(time_ns, shown):
    assert seconds(time_ns) == shown


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (sent(17), 'alice->server #17 sent 4 B "PING"'),
        (sent(1, injected=True, forged="bob"), 'alice->server #1 sent by a step as bob 4 B "PING"'),
        (delivered(2, 1, copy=1), "alice->server #1 delivered (copy 1)"),
        (delivered(2, 1, payload=b"x"), 'alice->server #1 delivered, changed to 1 B "x"'),
        (dropped(18, 17), "alice->server #17 dropped (loss)"),
        (dropped(18, 17, inferred=True), "alice->server #17 dropped (loss, inferred)"),
        (output(1, "bye", cut=7, partial=True), "server: bye (7 B left out) (no newline)"),
        (Exited(n=1, t=0, host="a", code=143, by="step"), "a exited with 143 by a step"),
        (
            Fault(n=1, t=0, step=0, on=False, text="cut: a -> b", mark="outage", index=2),
            "off: cut: a -> b [outage-2.end]",
        ),
        (Note(n=1, t=0, text="disk full", fault="rig", host="a"), "a note (rig): disk full"),
    ],
)
def test_an_event_is_one_line_of_the_fields_words(event, line):
    assert describe(event) == line


@pytest.mark.parametrize("kind", AnyEvent.__args__)
def test_every_kind_of_event_has_words(kind):
    from harness.trace.text import _WORDS

    assert kind in _WORDS
