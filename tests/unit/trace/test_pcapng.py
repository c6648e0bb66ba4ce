"""Packets of a trace, read back by a reader of our own and by somebody else's."""

import io
import struct
from ipaddress import ip_address

import dpkt
import hypothesis.strategies as st
import pytest
from happenings import delivered, dropped, output, sent, trace
from hypothesis import given

from harness.errors import RigFault
from harness.trace.events import Address, Duplicated, Icmp
from harness.trace.packets import literal
from harness.trace.pcapng import blocks, write_pcapng


def parsed(*events, **header):
    """Every block as (kind, body); checks the framing on the way."""
    data = b"".join(blocks(trace(*events, **header)))
    found, place = [], 0
    while place < len(data):
        kind, length = struct.unpack_from("<II", data, place)
        assert length % 4 == 0
        assert struct.unpack_from("<I", data, place + length - 4) == (length,)
        found.append((kind, data[place + 8 : place + length - 4]))
        place += length
    return found


def options(data):
    found, place = {}, 0
    while True:
        code, length = struct.unpack_from("<HH", data, place)
        if not code:
            return found
        found[code] = data[place + 4 : place + 4 + length]
        place += 4 + length + -length % 4


def packets(*events, **header):
    """(interface, time in ns, packet, comment, direction) of each packet block."""
    found = []
    for kind, body in parsed(*events, **header):
        if kind == 6:
            interface, high, low, kept, length = struct.unpack_from("<IIIII", body)
            assert kept == length
            tail = options(body[20 + kept + -kept % 4 :])
            direction = struct.unpack("<I", tail[2])[0]
            packet = body[20 : 20 + kept]
            found.append((interface, high << 32 | low, packet, tail[1].decode(), direction))
    return found


def ones_sum(data):
    data += bytes(len(data) % 2)
    total = sum(data[i] << 8 | data[i + 1] for i in range(0, len(data), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def test_the_file_begins_with_its_section_and_two_interfaces_in_nanoseconds():
    (section, head), (one, sent_body), (two, delivered_body), *_ = parsed()
    assert (section, one, two) == (0x0A0D0D0A, 1, 1)
    assert struct.unpack_from("<IHH", head) == (0x1A2B3C4D, 1, 0)
    for body, name in ((sent_body, b"sent"), (delivered_body, b"delivered")):
        assert struct.unpack_from("<H", body) == (101,)
        assert options(body[8:])[2] == name
        assert options(body[8:])[9] == b"\x09"


def test_sent_and_delivered_stand_on_their_interfaces_with_fate_and_time():
    found = packets(sent(17), delivered(18, 17, t=17_020_000_000), sent(19), dropped(20, 19))
    assert [(i, t, comment, way) for i, t, _, comment, way in found] == [
        (0, 17_000_000_000, "alice->server #17 delivered after 20.0 ms", 2),
        (1, 17_020_000_000, "alice->server #17 delivered", 1),
        (0, 19_000_000_000, "alice->server #19 dropped (loss)", 2),
    ]


def test_times_count_from_the_headers_wall_time():
    (packet,) = packets(sent(1, t=5), began="1970-01-01T00:01:00.250Z")
    assert packet[1] == 60_250_000_005


def test_an_open_copy_is_told():
    (packet,) = packets(sent(1))
    assert packet[3] == "alice->server #1 has no fate in this trace"
    doubled = Duplicated(n=2, t=2, source="alice", target="server", k=1, of=1)
    first, _ = packets(sent(1), doubled, delivered(3, 1, t=1_000_000_000))
    assert first[3] == "alice->server #1 delivered after 0.0 ms; has no fate in this trace"


@given(payload=st.binary(max_size=64), seen=st.sampled_from(["127.1.0.2:4000", "[::1]:4000"]))
def test_lengths_and_checksums_are_right(payload, seen):
    ((_, _, packet, _, _),) = packets(sent(1, payload, seen_as=seen))
    if packet[0] >> 4 == 4:
        assert ones_sum(packet[:20]) == 0xFFFF
        assert struct.unpack_from(">H", packet, 2) == (len(packet),)
        ends, udp = packet[12:20], packet[20:]
    else:
        assert struct.unpack_from(">HB", packet, 4) == (len(packet) - 40, 17)
        ends, udp = packet[8:40], packet[40:]
    assert udp[8:] == payload
    assert struct.unpack_from(">HHH", udp) == (4000, 9999, len(udp))
    assert ones_sum(ends + struct.pack(">II", len(udp), 17) + udp) == 0xFFFF


def test_another_reader_finds_the_packets_with_right_checksums():
    events = (
        sent(1, b"odd", seen_as="127.1.0.2:4000"),
        delivered(2, 1),
        sent(3, b""),
        dropped(4, 3),
    )
    data = b"".join(blocks(trace(*events)))
    found = [(ts, dpkt.ip.IP(packet)) for ts, packet in dpkt.pcapng.Reader(io.BytesIO(data))]
    assert [ip.data.data for _, ip in found] == [b"odd", b"odd", b""]
    assert [ts for ts, _ in found] == [1.0, 2.0, 3.0]
    for _, ip in found:
        assert (ip.src, ip.data.dport) == (bytes([127, 1, 0, 2]), 9999)
        before = bytes(ip)
        ip.sum = ip.data.sum = 0
        assert bytes(ip) == before  # dpkt computes both checksums anew when they are zero


def test_a_flipped_payload_shows_as_it_arrived():
    found = packets(sent(1, b"a"), delivered(2, 1, payload=b"b"))
    assert [packet[28:] for _, _, packet, _, _ in found] == [b"a", b"b"]
    assert found[0][3].endswith("ms, changed")


def names_of(*events):
    (body,) = [body for kind, body in parsed(*events) if kind == 4]
    found, place = {}, 0
    while struct.unpack_from("<H", body, place) != (0,):
        kind, length = struct.unpack_from("<HH", body, place)
        value = body[place + 4 : place + 4 + length]
        size = 4 if kind == 1 else 16
        found[value[size:].rstrip(b"\0").decode()] = str(ip_address(value[:size]))
        place += 4 + length + -length % 4
    return found


def address(n, viewer, host, where):
    return Address(n=n, t=0, viewer=viewer, host=host, address=where)


def test_hosts_have_the_addresses_that_others_see_and_names_for_them():
    events = (
        address(1, "alice", "server", "127.1.0.1"),
        address(2, "server", "alice", "127.1.0.2"),
        address(3, "bob", "server", "127.1.0.9"),
        sent(4),
    )
    assert names_of(*events) == {"server": "127.1.0.1", "alice": "127.1.0.2"}
    ((_, _, packet, _, _),) = packets(*events)
    assert packet[12:20] == bytes([127, 1, 0, 2, 127, 1, 0, 1])


def test_hosts_that_share_an_address_are_told_apart():
    events = (address(1, "alice", "server", "::1"), address(2, "server", "alice", "::1"), sent(3))
    assert names_of(*events) == {"server": "fd00::1", "alice": "fd00::2"}


@pytest.mark.parametrize(
    ("target", "ends"),
    [("224.0.0.251:5353", ("10.0.0.1", "224.0.0.251")), ("[ff02::fb]:5353", ("fd00::1", "ff02::fb"))],
)
def test_a_literal_target_stands_as_it_is(target, ends):
    ((_, _, packet, _, _),) = packets(sent(1, target=target, dport=5353))
    size = 4 if packet[0] >> 4 == 4 else 16
    at = 12 if size == 4 else 8
    found = packet[at : at + size], packet[at + size : at + 2 * size]
    assert tuple(str(ip_address(each)) for each in found) == ends


@pytest.mark.parametrize("text", ["server", "a:b", "1.2.3.4:99999", "1.2.3.4:", ":5", ""])
def test_what_is_no_address_is_a_name(text):
    assert literal(text) is None


@pytest.mark.parametrize(("seen", "protocol"), [("", 1), ("[::1]:4000", 58)])
def test_a_refusal_is_an_icmp_packet_about_the_datagram(seen, protocol):
    refusal = Icmp(n=2, t=2, source="server", target="alice", code="port-unreachable", of=1)
    about, (interface, _, packet, comment, _) = packets(sent(1, seen_as=seen), refusal)
    assert interface == 1
    assert comment == "ICMP port-unreachable arrives at alice about event 1"
    v4 = protocol == 1
    assert packet[9 if v4 else 6] == protocol
    body = packet[20:] if v4 else packet[40:]
    assert tuple(body[:2]) == ((3, 3) if v4 else (1, 4))
    assert body[8:] == about[2]
    pseudo = b"" if v4 else packet[8:40] + struct.pack(">II", len(body), 58)
    assert ones_sum(pseudo + body) == 0xFFFF


def test_other_events_are_no_packets():
    assert packets(output(1, "hello")) == []


def test_a_path_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(RigFault, match=r"no/x.pcapng: No such file"):
        write_pcapng(tmp_path / "no" / "x.pcapng", trace())
