"""Real programs through the relay: addresses, links, fates, and nothing lost by accident."""

from __future__ import annotations

import re
import sys
import threading
from fractions import Fraction
from pathlib import Path

import pytest
from loopback_runs import MS, Stage, link

from harness.labs.loopback.icmp import may_refuse
from harness.labs.loopback.lab import FAMILIES as SOCKET_FAMILIES
from harness.scenario import model
from harness.trace.events import (
    Closed,
    Delivered,
    Dropped,
    Ended,
    Exited,
    Icmp,
    Ready,
    Sent,
    Started,
)

FAMILIES = ["ipv4", "ipv6"]
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.mark.parametrize("family", FAMILIES)
def test_questions_are_answered_through_the_relay(stage: Stage, family: str) -> None:
    result = stage.echo(3).run(family=family)
    assert result.lines("alice") == ["answer re:0", "answer re:1", "answer re:2"]
    assert [event.payload for event in result.way(Sent, "alice", "server")] == [b"0", b"1", b"2"]
    assert len(result.way(Delivered, "server", "alice")) == 3
    assert all(event.dport == 9999 for event in result.way(Sent, "alice", "server"))
    assert result.conserved()
    assert not result.notes("rig")
    assert isinstance(result.events[-1], Closed)
    assert [event.n for event in result.events] == list(range(1, len(result.events) + 1))
    assert [event.why for event in result.of(Ended)] == ["until"]


@linux
def test_the_server_sees_the_client_at_an_address_of_its_own(stage: Stage) -> None:
    result = stage.echo(1).run()
    seen = result.way(Sent, "alice", "server")[0].seen_as
    address, port = seen.split(":")
    assert result.lines("server") == ["up", f"from {address} {port} 0"]
    assert re.fullmatch(r"127\.[1-9]\d*\.\d+\.\d+", address)


def test_the_awaited_server_is_ready_before_zero_and_the_client_starts_after(
    stage: Stage,
) -> None:
    result = stage.echo(1).run()
    ready = next(event for event in result.of(Ready) if event.host == "server")
    started = {event.host: event for event in result.of(Started)}
    assert ready.t <= 0 <= started["alice"].t
    ends = {event.host: (event.code, event.by) for event in result.of(Exited)}
    assert ends == {"alice": (0, ""), "server": (143, "end")}


def test_a_delay_lies_between_sending_and_delivery(stage: Stage) -> None:
    result = stage.echo(2).run(links=(link("any -> any", delay_ns=30 * MS),))
    sent = {event.n: event for event in result.of(Sent)}
    for event in result.of(Delivered):
        assert event.t - sent[event.of].t >= 30 * MS
        assert event.t - event.lag - sent[event.of].t <= 31 * MS


def test_every_rule_that_something_met_is_counted(stage: Stage) -> None:
    rules = (link("alice -> server", delay_ns=MS), link("server -> server", delay_ns=MS))
    closed = stage.echo(2).run(links=rules).of(Closed)[0]
    assert closed.rules == {"0": 2, "1": 0}


def test_what_is_lost_is_dropped_with_its_reason(stage: Stage) -> None:
    rules = (link("alice -> server", loss=Fraction(1)),)
    result = stage.echo(2, patience=0.1).run(links=rules)
    assert result.lines("alice") == ["timeout", "timeout"]
    assert [event.reason for event in result.of(Dropped)] == ["loss", "loss"]
    assert result.conserved()


def test_a_flipped_bit_arrives_changed(stage: Stage) -> None:
    result = stage.echo(1).run(links=(link("alice -> server", flip=Fraction(1)),))
    arrived = result.way(Delivered, "alice", "server")[0]
    assert arrived.payload is not None
    assert (arrived.payload[0] ^ b"0"[0]).bit_count() == 1
    assert result.lines("server")[1].encode("latin-1").endswith(arrived.payload)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("raw", [True, False])
def test_a_connected_socket_is_told_that_nobody_listens(
    stage: Stage, family: str, raw: bool
) -> None:
    if raw and not may_refuse(SOCKET_FAMILIES[family]):
        pytest.skip("needs CAP_NET_RAW")
    stage.program("deaf.py", "import time\ntime.sleep(60)\n")
    stage.echo(1)
    stage.host("server", "python", "deaf.py", "$(self:9999)", ready=model.Ready("started"))
    result = stage.run(family=family, raw=raw)
    assert result.lines("alice") == ["refused"]
    reasons = [event.reason for event in result.of(Dropped)]
    assert reasons == (["nobody"] if raw else [])


def test_two_labs_at_once_do_not_meet(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Stage(tmp_path / "other").echo(20)
    stage.echo(20)
    found: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda one=one: found.append(one.run().lines("alice")))
        for one in (stage, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[f"answer re:{number}" for number in range(20)]] * 2


@pytest.mark.parametrize("raw", [True, False])
def test_a_silent_host_has_no_socket_on_a_port_from_which_it_never_speaks(
    stage: Stage, raw: bool
) -> None:
    if raw and not may_refuse(SOCKET_FAMILIES["ipv4"]):
        pytest.skip("needs CAP_NET_RAW")
    del stage.echo(1).hosts["server"]
    result = stage.host("server").run(raw=raw)
    assert result.lines("alice") == ["refused"]
    assert [event.reason for event in result.of(Dropped)] == (["nobody"] if raw else [])


def test_an_icmp_error_takes_the_way_back(stage: Stage) -> None:
    if not may_refuse(SOCKET_FAMILIES["ipv4"]):
        pytest.skip("needs CAP_NET_RAW")
    del stage.echo(1).hosts["server"]
    result = stage.host("server").run(links=(link("any -> any", delay_ns=20 * MS),))
    (sent,) = result.way(Sent, "alice", "server")
    (icmp,) = result.of(Icmp)
    assert (icmp.source, icmp.target, icmp.of) == ("server", "alice", sent.n)
    assert icmp.t - sent.t >= 40 * MS
    assert result.lines("alice") == ["refused"]


def test_a_lost_icmp_error_tells_nobody(stage: Stage) -> None:
    if not may_refuse(SOCKET_FAMILIES["ipv4"]):
        pytest.skip("needs CAP_NET_RAW")
    del stage.echo(1, patience=0.2).hosts["server"]
    rules = (link("server -> alice", loss=Fraction(1)),)
    result = stage.host("server").run(links=rules)
    assert result.of(Icmp) == []
    assert result.lines("alice") == ["timeout"]
