"""Port numbers and addresses: held by one run at a time, free, outside the kernel's range."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from harness.errors import RigFault
from harness.labs.loopback.addresses import AddressBook, Platform, this_platform
from harness.labs.loopback.ports import (
    PortPool,
    candidates,
    ephemeral_range,
    is_free,
)
from harness.rng import stream


def pool(seed: int = 1) -> PortPool:
    return PortPool(stream(seed, "ports"))


def test_the_range_is_read_as_the_kernel_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "range"
    file.write_text("32768\t60999\n")
    assert ephemeral_range(file) == (32768, 60999)
    assert ephemeral_range(tmp_path / "none") == (32768, 65535)


@pytest.mark.parametrize("given", [(32768, 60999), (1024, 65535), (1, 65535), (9000, 20000)])
def test_candidates_avoid_the_ephemeral_range_where_it_leaves_any(given: tuple[int, int]) -> None:
    ports = candidates(given)
    assert ports
    assert all(1024 < port < 65536 for port in ports)
    if given[0] > 10_000 or given[1] < 65535:
        assert not [port for port in ports if given[0] <= port <= given[1]]


def test_a_free_port_can_be_bound_and_is_no_ephemeral_one() -> None:
    held = pool()
    port = held.free(socket.AF_INET)
    low, high = ephemeral_range()
    assert not low <= port <= high
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", port))
        assert not is_free(socket.AF_INET, port)
    held.close()


def test_two_runs_with_the_same_seed_get_different_ports() -> None:
    one, two = pool(), pool()
    mine = {one.free(socket.AF_INET) for _ in range(20)}
    other = {two.free(socket.AF_INET) for _ in range(20)}
    assert not mine & other
    one.close()
    two.close()


def test_a_port_in_use_by_a_program_is_not_handed_out() -> None:
    first = pool()
    port = first.free(socket.AF_INET)
    first.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", port))
        second = pool()
        assert second.free(socket.AF_INET) != port
        second.close()


def test_a_literal_port_belongs_to_one_run_until_it_ends() -> None:
    one, two = pool(), pool(2)
    port = one.free(socket.AF_INET)
    assert not two.take(port)
    one.close()
    assert two.take(port)
    two.close()


def test_each_host_has_an_address_of_its_own_in_every_run() -> None:
    linux = Platform(socket.AF_INET, own_addresses=True)
    books = [AddressBook(linux, stream(1, "addresses")) for _ in range(2)]
    given = [book.next() for book in books for _ in range(300)]
    assert len(set(given)) == 600
    assert all(address.startswith("127.") for address in given)
    assert not any(address.startswith("127.0.") for address in given)
    for book in books:
        book.close()


def test_where_there_is_one_address_everybody_has_it() -> None:
    book = AddressBook(this_platform(socket.AF_INET6), stream(1, "addresses"))
    assert [book.next(), book.next()] == ["::1", "::1"]
    book.close()


def test_running_out_of_ports_is_an_error_that_says_so() -> None:
    held = pool()
    held._untried = iter(())
    with pytest.raises(RigFault, match="ss -ulpn"):
        held.free(socket.AF_INET)
