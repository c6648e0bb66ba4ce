"""What a person sees of a trace: the ladder's lines."""

import hypothesis.strategies as st
import pytest
from happenings import MS, S, delivered, dropped, output, sent, trace
from hypothesis import given

from harness.trace.events import Corrupted, Duplicated, Fault, Icmp, Lag, Started
from harness.trace.ladder import ladder
from harness.trace.text import cells, visible


def test_arrows_leave_arrive_or_end_on_the_way():
    lines = ladder(trace(sent(1), delivered(2, 1, t=S + 20 * MS), sent(3), dropped(4, 3)))
    assert lines == [
        "  event  seconds       alice          server",
        '      1    1.000         │──────>        │        #1 sent 4 B "PING"',
        '      2    1.020         │       ───────▶│        #1 delivered after 20.0 ms: "PING"',
        '      3    3.000         │──────>        │        #3 sent 4 B "PING"',
        "      4    4.000         │──────✗        │        #3 dropped (loss)",
    ]


def test_plain_signs_draw_the_same_picture():
    events = (sent(1), delivered(2, 1), sent(3, "ü".encode()), dropped(4, 3), output(5, "✓ done"))
    fancy, plain = ladder(trace(*events)), ladder(trace(*events), plain=True)
    assert all(line.isascii() for line in plain)
    assert [line[:56].rstrip() for line in plain] == [
        "  event  seconds       alice          server",
        "      1    1.000         |------>        |        #1 sen",
        "      2    2.000         |       ------->|        #1 del",
        "      3    3.000         |------>        |        #3 sen",
        "      4    4.000         |------x        |        #3 dro",
        "      5    5.000         |               *        \\u2713",
    ]
    assert len(fancy) == len(plain)


def test_copies_damage_and_refusals_have_signs_of_their_own():
    common = {"source": "alice", "target": "server", "k": 1, "of": 1}
    events = (
        sent(1),
        Duplicated(n=2, t=S, **common),
        Corrupted(n=3, t=S, bit=3, **common),
        Icmp(n=4, t=S, source="server", target="alice", code="port-unreachable", of=1),
    )
    drawn = "\n".join(ladder(trace(*events)))
    assert "²" in drawn
    assert "≠" in drawn
    assert "◀┄┄┄" in drawn
    assert "ICMP port-unreachable arrives" in drawn


def test_the_deciding_event_and_the_evidence_are_marked():
    lines = ladder(trace(sent(1), sent(2), sent(3)), evidence=(1, 3), deciding=3)
    assert [line[0] for line in lines[1:]] == ["•", " ", "►"]


def test_only_what_is_around_the_evidence_is_shown():
    events = [sent(n, bytes([64 + n % 26]) * (n % 7)) for n in range(1, 101)]
    numbers = [int(line.split()[1 if line[0] == "►" else 0]) for line in _rows(events, (50,), 50)]
    assert numbers == list(range(42, 59))


def _rows(events, evidence, deciding, **more):
    return ladder(trace(*events), evidence, deciding, **more)[1:]


def test_a_jump_between_two_places_is_told():
    events = [output(n, "abcdefgh"[n % 8] * n) for n in range(1, 101)]
    lines = _rows(events, (10, 90), 90, around=1)
    assert [line.split()[:2] for line in lines] == [
        ["9", "9.000"],
        ["•", "10"],
        ["11", "11.000"],
        ["⋮", "77"],
        ["89", "89.000"],
        ["►", "90"],
        ["91", "91.000"],
    ]
    assert "77 events between" in lines[3]


def test_a_datagrams_fate_far_away_belongs_to_its_picture():
    noise = [output(n, "abcdefgh"[n % 8] * n) for n in range(2, 60)]
    lines = _rows([sent(1), *noise, dropped(60, 1)], (1,), 1, around=1)
    assert "dropped (loss)" in lines[-1]


def test_a_fate_beyond_the_page_is_told_beside_the_sending():
    events = [sent(1), sent(2), output(3, "a"), output(4, "b"), delivered(5, 1)]
    (line,) = [line for line in _rows(events, (3,), 3, around=1) if "#2" in line]
    assert "(no fate)" in line
    far = [sent(1), *(output(n, "abcdefgh"[n % 8] * n) for n in range(2, 9)), delivered(9, 1)]
    assert "(delivered at 9.000)" in _rows(far, (2,), 2, around=1)[0]


def test_what_concerns_only_others_stays_out():
    others = [sent(n, source="bob", target="carol") for n in range(2, 10)]
    lines = _rows([sent(1), *others, delivered(10, 1)], (1, 10), 10)
    assert len(lines) == 2


def test_bookkeeping_is_shown_only_where_it_is_evidence():
    events = [output(1, "a"), Lag(n=2, t=0, what="relay", worst=5 * MS)]
    assert len(_rows(events, (), 0)) == 1
    assert "lag up to 0.005 s: relay" in _rows(events, (2,), 2)[-1]


def test_alike_lines_are_folded_with_their_count():
    lines = _rows([output(n, f"tick {n}") for n in range(1, 11)], (), 0)
    assert len(lines) == 2
    assert "… 9 more like this, to event 10 at 10.000" in lines[1]


def test_alternating_lines_are_folded_as_a_pattern():
    events = []
    for n in range(1, 21, 2):
        events += [sent(n), delivered(n + 1, n)]
    lines = _rows(events, (), 0)
    assert len(lines) == 3
    assert "18 more like this, to event 20" in lines[2]


def test_evidence_is_never_folded():
    lines = _rows([output(n, "tick") for n in range(1, 21)], (10,), 10)
    assert any(line.startswith("►    10") for line in lines)


def test_much_evidence_is_cut_to_what_stands_next_to_the_deciding_event():
    events = [output(n, "abcdefgh"[n % 8] * n) for n in range(1, 101)]
    lines = _rows(events, tuple(range(1, 101)), 50, around=0)
    assert [line.split()[1] for line in lines[:-1]] == ["47", "48", "49", "50", "51", "52"]
    assert "94 more pieces of evidence" in lines[-1]


def test_evidence_that_the_trace_does_not_hold_is_left_out():
    assert len(_rows([output(1, "a")], (7,), 7)) == 1


def test_faults_are_told_in_the_scenarios_words():
    fault = Fault(n=1, t=S, step=0, on=True, text="cut: a -> b", mark="outage")
    assert "on: cut: a -> b [outage]" in _rows([fault], (), 0)[0]


def test_a_torn_trace_says_so():
    assert "torn" in ladder(trace(output(1, "a"), torn="line 3 is torn"))[-1]


def test_more_hosts_than_lanes_lose_no_event():
    events = [sent(n, source=f"client-{n}") for n in range(1, 30)]
    text = "\n".join(ladder(trace(*events)))
    assert "client-29->server #29" in text


def test_a_datagram_to_oneself_is_drawn():
    (line,) = _rows([sent(1, target="alice")], (), 0)
    assert "alice->alice #1" in line


@pytest.mark.parametrize("plain", [False, True])
@given(
    payload=st.binary(max_size=80),
    line=st.text(max_size=200),
    host=st.text(max_size=20),
    width=st.integers(40, 120),
)
def test_nothing_raw_reaches_the_page_and_lines_fit(plain, payload, line, host, width):
    events = (
        Started(n=1, t=0, host=host),
        sent(2, payload),
        delivered(3, 2),
        output(4, line, host=host),
    )
    for shown in ladder(trace(*events), (4,), 4, width=width, plain=plain):
        assert cells(shown) <= width
        assert shown == visible(shown)
        assert shown.isascii() or not plain
