"""The kernel's table of sockets: who is bound where, and losses in full buffers."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator

import pytest

from harness.labs.loopback.buffer_sizes import buffer_sizes
from harness.labs.loopback.drops import DropWatch, Place, charge, default_buffer
from harness.labs.loopback.kernel_sockets import KernelSockets, kernel_notation
from harness.labs.loopback.owners import Owners, Stranger
from harness.labs.loopback.sockets import Reader, handed_over, open_socket

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc/net")
V4 = (socket.AF_INET, "127.0.0.1")
V6 = (socket.AF_INET6, "::1")


@pytest.fixture(params=[V4, V6], ids=["ipv4", "ipv6"])
def place(request: pytest.FixtureRequest) -> tuple[socket.AddressFamily, str]:
    return request.param


@pytest.fixture
def receiver(place: tuple[socket.AddressFamily, str]) -> Iterator[socket.socket]:
    with socket.socket(place[0], socket.SOCK_DGRAM) as sock:
        sock.bind((place[1], 0))
        yield sock


@linux
def test_addresses_are_written_as_the_kernel_writes_them() -> None:
    if sys.byteorder == "little":
        assert kernel_notation("127.0.0.1") == "0100007F"
        assert kernel_notation("::1") == "00000000000000000000000001000000"


def test_a_bound_socket_is_seen_until_it_is_closed(
    place: tuple[socket.AddressFamily, str], receiver: socket.socket
) -> None:
    kernel = KernelSockets()
    where = receiver.getsockname()[:2]
    assert kernel.taken([where]) == {where}
    receiver.close()
    assert kernel.taken([where]) == frozenset()


@linux
def test_a_wildcard_socket_of_either_family_counts_as_bound() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as dual:
        dual.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        dual.bind(("::", 0))
        where = ("127.0.0.1", dual.getsockname()[1])
        assert KernelSockets().taken([where]) == {where}


@linux
def test_a_socket_on_another_address_does_not_count() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.9.9.9", 0))
        where = ("127.0.0.1", sock.getsockname()[1])
        assert KernelSockets().taken([where]) == frozenset()


@linux
def test_handing_over_tells_whether_somebody_listens(
    place: tuple[socket.AddressFamily, str], receiver: socket.socket
) -> None:
    sock = open_socket(place[0], place[1], 0)
    where = receiver.getsockname()[:2]
    assert handed_over(sock, b"one", where)
    receiver.close()
    assert [handed_over(sock, b"x" * size, where) for size in (0, 1, 1400, 40000)] == [False] * 4
    assert Reader().read(sock) is None
    sock.close()


@linux
def test_a_datagram_comes_with_its_kernel_time_and_its_source(
    place: tuple[socket.AddressFamily, str], receiver: socket.socket
) -> None:
    sock = open_socket(place[0], place[1], 0)
    receiver.sendto(b"hello", sock.getsockname()[:2])
    received = Reader().read(sock)
    assert received is not None
    assert received.payload == b"hello"
    assert received.source == receiver.getsockname()[:2]
    assert received.stamp_ns is not None
    assert received.overflow in (None, 0)
    sock.close()


@linux
def test_the_very_datagram_that_found_the_buffer_full_is_told(receiver: socket.socket) -> None:
    watch = DropWatch(KernelSockets(), default_buffer())
    sock = open_socket(receiver.family, receiver.getsockname()[0], 0)
    where = receiver.getsockname()[:2]
    lost = []
    for number in range(600):
        payload = number.to_bytes(2, "big")
        ask = watch.before(where, len(payload))
        assert handed_over(sock, payload, where)
        if ask and watch.lost(where):
            lost.append(number)
    receiver.setblocking(False)
    arrived = set()
    while True:
        try:
            arrived.add(int.from_bytes(receiver.recv(10), "big"))
        except BlockingIOError:
            break
    assert lost
    assert arrived == set(range(600)) - set(lost)
    assert watch.unexplained() == {}
    sock.close()


def unknown() -> dict[int, int]:
    """The answer of a kernel that cannot be asked for the sizes of buffers."""
    return {}


def hand_over(watch: DropWatch, sock: socket.socket, where: Place, count: int) -> list[int]:
    """Hand over so many; the numbers of those that are known to be lost."""
    lost = []
    for number in range(count):
        ask = watch.before(where, 100)
        handed_over(sock, b"x" * 100, where)
        if ask and watch.lost(where):
            lost.append(number)
    return lost


@pytest.fixture
def sender(receiver: socket.socket) -> Iterator[socket.socket]:
    sock = open_socket(receiver.family, receiver.getsockname()[0], 0)
    yield sock
    sock.close()


def shrink(receiver: socket.socket) -> None:
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)


@linux
def test_the_size_of_each_receive_buffer_is_known(receiver: socket.socket) -> None:
    inode = os.fstat(receiver.fileno()).st_ino
    assert buffer_sizes()[inode] == receiver.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    shrink(receiver)
    assert buffer_sizes()[inode] == receiver.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


@linux
def test_in_a_small_buffer_too_the_very_datagram_is_told(
    receiver: socket.socket, sender: socket.socket
) -> None:
    shrink(receiver)
    watch = DropWatch(KernelSockets(), default_buffer())
    where = receiver.getsockname()[:2]
    lost = hand_over(watch, sender, where, 30)
    receiver.setblocking(False)
    got = 0
    while True:
        try:
            got += bool(receiver.recv(200))
        except BlockingIOError:
            break
    assert 0 < got < 30
    assert lost == list(range(got, 30))
    assert watch.unexplained() == {}


@linux
def test_a_loss_that_cannot_be_pinned_to_a_datagram_is_counted(
    receiver: socket.socket, sender: socket.socket
) -> None:
    shrink(receiver)
    watch = DropWatch(KernelSockets(), default_buffer(), unknown)
    where = receiver.getsockname()[:2]
    assert hand_over(watch, sender, where, 30) == []
    assert watch.due
    assert 0 < watch.unexplained()[where] < 30
    assert not watch.due
    assert watch.unexplained() == {}
    assert watch.before(where, 100), "from now on each one is asked for"


@linux
def test_a_buffer_that_shrinks_later_is_noticed(
    receiver: socket.socket, sender: socket.socket
) -> None:
    watch = DropWatch(KernelSockets(), default_buffer())
    where = receiver.getsockname()[:2]
    assert hand_over(watch, sender, where, 1) == []
    shrink(receiver)
    watch.unexplained()
    assert hand_over(watch, sender, where, 20)
    assert watch.unexplained() == {}


@linux
def test_a_loss_before_the_one_asked_for_is_not_blamed_on_it(
    receiver: socket.socket, sender: socket.socket
) -> None:
    shrink(receiver)
    watch = DropWatch(KernelSockets(), 2 * 50 * charge(100), unknown)
    where = receiver.getsockname()[:2]
    lost = hand_over(watch, sender, where, 60)
    untold = watch.unexplained()[where]
    receiver.setblocking(False)
    got = 0
    while True:
        try:
            got += bool(receiver.recv(200))
        except BlockingIOError:
            break
    assert min(lost) >= 50
    assert got + untold + len(lost) == 60


@linux
@pytest.mark.parametrize(("count", "doubtful"), [(3, False), (60, True)])
def test_a_socket_of_unknown_size_that_closes_unread_leaves_a_doubt(
    receiver: socket.socket, sender: socket.socket, count: int, doubtful: bool
) -> None:
    watch = DropWatch(KernelSockets(), default_buffer(), unknown)
    where = receiver.getsockname()[:2]
    hand_over(watch, sender, where, count)
    receiver.close()
    assert watch.unexplained() == {}
    assert watch.doubts() == [where] * doubtful
    assert watch.doubts() == []


@linux
def test_a_socket_of_known_size_that_closes_leaves_no_doubt(
    receiver: socket.socket, sender: socket.socket
) -> None:
    watch = DropWatch(KernelSockets(), default_buffer())
    where = receiver.getsockname()[:2]
    hand_over(watch, sender, where, 60)
    receiver.close()
    assert watch.unexplained() == {}
    assert watch.doubts() == []


@linux
def test_losses_of_the_next_socket_at_a_place_are_its_own(
    receiver: socket.socket, sender: socket.socket
) -> None:
    shrink(receiver)
    watch = DropWatch(KernelSockets(), default_buffer())
    where = receiver.getsockname()[:2]
    assert len(hand_over(watch, sender, where, 30)) > 10
    receiver.close()
    with socket.socket(receiver.family, socket.SOCK_DGRAM) as second:
        shrink(second)
        second.bind(where)
        assert hand_over(watch, sender, where, 10)


@linux
def test_a_socket_is_traced_to_the_host_that_holds_it(receiver: socket.socket) -> None:
    where = receiver.getsockname()[:2]
    family = {"alice": [1], "bob": [os.getpid()]}
    owners = Owners(KernelSockets(), lambda host: family[host], ("alice", "bob"))
    assert owners.owner(where, "alice") == "bob"
    assert owners.known(where) == "bob"


@linux
def test_a_socket_that_no_host_holds_is_foreign_and_a_closed_one_is_gone(
    receiver: socket.socket,
) -> None:
    where = receiver.getsockname()[:2]
    owners = Owners(KernelSockets(), lambda _: (), ("alice",))
    assert owners.owner(where, "alice") is Stranger.FOREIGN
    receiver.close()
    assert owners.owner(where, "alice") is Stranger.GONE


@linux
def test_a_port_that_passed_to_another_socket_is_asked_for_again() -> None:
    kernel = KernelSockets()
    owners = Owners(kernel, lambda host: [os.getpid()] if host == "bob" else [], ("alice", "bob"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first:
        first.bind(("127.0.0.1", 0))
        where = first.getsockname()
        assert owners.owner(where, "") == "bob"
        owners.refresh(kernel.snapshot())
        assert owners.known(where) == "bob"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second:
        second.bind(where)
        owners.refresh(kernel.snapshot())
        assert owners.known(where) == ""
