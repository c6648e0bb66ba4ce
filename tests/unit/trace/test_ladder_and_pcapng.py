"""What a person sees of a trace: the ladder's lines, and packets that other tools read."""

import io

import dpkt
import hypothesis.strategies as st
import pytest
from hypothesis import given

from harness.trace.events import (
    Delivered,
    Dropped,
    Fault,
    Header,
    Icmp,
    Output,
    Sent,
    Started,
    Trace,
)
from harness.trace.ladder import ladder
from harness.trace.pcapng import blocks
from harness.trace.text import visible

HEADER = Header(scenario="s", digest="d", seed=1, lab="loopback", engine="user")
S = 1_000_000_000


def trace(*events):
    return Trace(HEADER, events)


def sent(n, payload=b"PING", **more):
    fields = {"source": "alice", "target": "server", "k": n, "seen_as": "127.1.0.2:4000", **more}
    return Sent(n=n, t=n * S, payload=payload, dport=9999, **fields)


def delivered(n, of, **more):
    return Delivered(n=n, t=n * S, source="alice", target="server", k=of, of=of, **more)


def dropped(n, of, reason="loss"):
    return Dropped(n=n, t=n * S, source="alice", target="server", k=of, of=of, reason=reason)


def test_arrows_leave_arrive_or_end_on_the_way():
    lines = ladder(trace(sent(1), delivered(2, 1), sent(3), dropped(4, 3)))
    assert lines == [
        "      seconds    alice       server",
        "        1.000       │────>      │      alice->server #1 sent 4 B: PING",
        "        2.000       │     ─────▶│      alice->server #1 delivered: PING",
        "        3.000       │────>      │      alice->server #3 sent 4 B: PING",
        "        4.000       │────✗      │      alice->server #3 dropped (loss)",
    ]


def test_the_deciding_event_and_the_evidence_are_marked():
    lines = ladder(trace(sent(1), sent(2), sent(3)), evidence=(1, 3), deciding=3)
    assert [line[1] for line in lines[1:]] == ["•", " ", "►"]


def test_only_what_is_around_the_evidence_is_shown():
    lines = ladder(trace(*(sent(n, b"%d" % n) for n in range(1, 101))), evidence=(50,))
    assert len(lines) == 18
    assert "#42" in lines[1]
    assert "#58" in lines[-1]


def test_equal_lines_are_folded_with_their_count():
    events = [Output(n=n, t=n * S, host="a", stream="stdout", line="tick") for n in range(1, 11)]
    lines = ladder(trace(*events))
    assert len(lines) == 4
    assert "8 more like this" in lines[2]


def test_faults_and_icmp_are_told_in_the_scenarios_words():
    lines = ladder(
        trace(
            Fault(n=1, t=S, step=0, on=True, text="cut: a -> b", mark="outage"),
            Icmp(n=2, t=S, source="server", target="alice", code="port-unreachable"),
        )
    )
    assert "begins: cut: a -> b [outage]" in lines[1]
    assert "icmp port-unreachable" in lines[2]


@given(payload=st.binary(max_size=80), line=st.text(max_size=200), host=st.text(max_size=20))
def test_nothing_raw_reaches_the_page_and_lines_fit(payload, line, host):
    events = (
        Started(n=1, t=0, host=host),
        sent(2, payload),
        delivered(3, 2),
        Output(n=4, t=4, host=host, stream="stderr", line=line),
    )
    for shown in ladder(trace(*events), width=100):
        assert len(shown) <= 100
        assert shown == visible(shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü ✓", "plain ü ✓"),
        ("\x1b[2J\r\n", "\\x1b[2J\\x0d\\x0a"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_what_could_act_on_a_terminal_is_spelled_out(text, shown):
    assert visible(text) == shown


def packets(*events):
    data = b"".join(blocks(trace(*events)))
    return data, [(ts, dpkt.ip.IP(packet)) for ts, packet in dpkt.pcapng.Reader(io.BytesIO(data))]


def test_another_reader_finds_the_packets_with_right_checksums():
    data, found = packets(sent(1, b"odd"), delivered(2, 1), sent(3, b""), dropped(4, 3))
    assert [ip.data.data for _, ip in found] == [b"odd", b"odd", b""]
    assert [ts for ts, _ in found] == [0.0, 1.0, 2.0]
    for _, ip in found:
        assert (ip.src, ip.data.sport, ip.data.dport) == (bytes([127, 1, 0, 2]), 4000, 9999)
        before = bytes(ip)
        ip.sum = ip.data.sum = 0
        assert bytes(ip) == before  # dpkt computes both checksums anew when they are zero
    assert b"alice->server #1 delivered" in data
    assert b"alice->server #3 dropped (loss)" in data


def test_ipv6_packets_have_right_checksums():
    data = b"".join(blocks(trace(sent(1, b"six", seen_as="[::1]:4000"))))
    ((_, packet),) = dpkt.pcapng.Reader(io.BytesIO(data))
    ip = dpkt.ip6.IP6(packet)
    assert (ip.src, ip.data.sport, ip.data.data) == (bytes(15) + b"\x01", 4000, b"six")
    before = bytes(ip)
    ip.data.sum = 0
    assert bytes(ip) == before


def test_a_flipped_payload_shows_as_it_arrived():
    _, found = packets(sent(1, b"a"), delivered(2, 1, payload=b"b"))
    assert [ip.data.data for _, ip in found] == [b"a", b"b"]
