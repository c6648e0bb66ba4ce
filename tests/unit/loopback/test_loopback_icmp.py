"""Port-unreachable messages: their bytes, and that a connected socket is told."""

from __future__ import annotations

import socket
import struct

import pytest

from harness.labs.loopback.icmp import (
    Refuser,
    checksum,
    may_refuse,
    port_unreachable_v4,
    port_unreachable_v6,
)


def test_the_checksum_is_the_one_of_the_rfc() -> None:
    # RFC 1071, section 3: the sum of these words is ddf2.
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2
    assert checksum(b"\x01") == checksum(b"\x01\x00")


def test_the_message_quotes_the_datagram_that_was_refused() -> None:
    message = port_unreachable_v4(("127.0.0.1", 4000), ("127.5.6.7", 9999), b"hello")
    assert message[:2] == b"\x03\x03"
    assert checksum(message) == 0
    assert checksum(message[8:28]) == 0
    assert message[20:28] == bytes([127, 0, 0, 1, 127, 5, 6, 7])
    assert struct.unpack("!HHH", message[28:34]) == (4000, 9999, 13)
    assert message.endswith(b"hello")


@pytest.mark.parametrize("size", [0, 1, 511, 512, 60000])
def test_the_message_stays_within_what_the_rfc_allows(size: int) -> None:
    payload = bytes(size)
    assert len(port_unreachable_v4(("127.0.0.1", 1), ("127.1.1.1", 2), payload)) <= 556
    assert len(port_unreachable_v6(("::1", 1), ("::1", 2), payload)) <= 1200


@pytest.mark.parametrize(
    ("family", "own", "far"),
    [
        (socket.AF_INET, "127.0.0.1", "127.1.2.3"),
        (socket.AF_INET6, "::1", "::1"),
    ],
    ids=["ipv4", "ipv6"],
)
def test_a_connected_socket_is_told(family: socket.AddressFamily, own: str, far: str) -> None:
    if not may_refuse(family):
        pytest.skip("needs CAP_NET_RAW")
    refuser = Refuser(family)
    with (
        socket.socket(family, socket.SOCK_DGRAM) as silent,
        socket.socket(family, socket.SOCK_DGRAM) as client,
    ):
        silent.bind((far, 0))
        client.bind((own, 0))
        client.connect(silent.getsockname()[:2])
        client.settimeout(5)
        client.send(b"anybody?")
        refuser.refuse(client.getsockname()[:2], silent.getsockname()[:2], b"anybody?")
        with pytest.raises(ConnectionRefusedError):
            client.recv(10)
    refuser.close()
