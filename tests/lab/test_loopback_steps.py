"""The steps of the timeline on real programs, and the hosts that only speak by them."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from loopback_runs import (
    CLIENT,
    MS,
    SERVER,
    S,
    Stage,
    after_exit,
    at,
    flow,
    link,
    pattern,
    says,
    send,
    step,
)

from harness.labs.base import Plan
from harness.labs.loopback.lab import LoopbackLab
from harness.scenario.model import (
    AtPattern,
    Cut,
    HostAction,
    HostRef,
    Kind,
    LinkChange,
    PayloadPart,
    Ready,
    Rebind,
    Stop,
)
from harness.trace.events import (
    Address,
    Closed,
    Delivered,
    Dropped,
    Ended,
    Exited,
    Fault,
    Note,
    Sent,
    Signalled,
    Started,
)
from harness.trace.log import Log
from harness.units import Range

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux")

BEATS = """
import socket, sys, time
host, port = sys.argv[1].rsplit(":", 1)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if len(sys.argv) > 3:
    sock.bind(("127.0.0.1", int(sys.argv[3])))
sock.settimeout(0.02)
end = time.monotonic() + float(sys.argv[2])
number = 0
while time.monotonic() < end:
    sock.sendto(b"beat %d" % number, (host, int(port)))
    number += 1
    try:
        print("got", sock.recv(100).decode(), flush=True)
    except TimeoutError:
        print("nothing", flush=True)
"""


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path).echo()
    stage.program("beats.py", BEATS)
    return stage


def beats(stage: Stage, seconds: float, *more: str) -> Stage:
    words = ("python", "beats.py", "$(server:9999)", str(seconds), *more)
    return stage.host("alice", *words)


@pytest.mark.parametrize("raw", [None, False])
def test_a_cut_drops_everything_while_it_lasts_and_nothing_after(
    stage: Stage, raw: bool | None
) -> None:
    cut = step(0, Cut((flow("alice -> server"),)), at(0.2), lasts_ns=200 * MS, mark="outage")
    result = beats(stage, 0.7).run(timeline=(cut,), raw=raw)
    on, off = result.of(Fault)
    assert (on.on, off.on, on.mark, off.mark) == (True, False, "outage", "outage")
    fates = {event.of: event for event in result.of(Delivered) + result.of(Dropped)}
    for sent in result.way(Sent, "alice", "server"):
        inside = on.n < sent.n < off.n
        assert isinstance(fates[sent.n], Dropped) == inside
    assert {event.reason for event in result.of(Dropped)} == {"cut"}
    assert result.lines("alice")[-1].startswith("got")


def test_a_links_step_overrides_the_fields_that_it_names(stage: Stage) -> None:
    change = LinkChange((link("any -> any", loss=Fraction(1)),))
    rules = (link("any -> any", delay_ns=5 * MS),)
    change_step = step(0, change, at(0.2), lasts_ns=200 * MS)
    result = beats(stage, 0.6).run(links=rules, timeline=(change_step,))
    on, off = result.of(Fault)
    lost = [event.of for event in result.of(Dropped)]
    assert lost
    assert all(on.n < number < off.n for number in lost)
    sent = {event.n: event.t for event in result.of(Sent)}
    assert all(event.t - sent[event.of] >= 5 * MS for event in result.of(Delivered))


def test_a_killed_server_starts_again_and_the_end_is_when_it_is_ready(stage: Stage) -> None:
    kill = HostAction("kill", HostRef("server"))
    timeline = (step(0, kill, at(0.2), lasts_ns=100 * MS, mark="crash"),)
    result = beats(stage, 1.0).run(timeline=timeline)
    assert [event.life for event in result.of(Started) if event.host == "server"] == [1, 2]
    first = next(event for event in result.of(Exited) if event.host == "server")
    assert (first.code, first.by, first.life) == (137, "step", 1)
    off = next(event for event in result.of(Fault) if not event.on)
    ready = [event for event in result.events if getattr(event, "life", 0) == 2]
    assert ready[1].n == off.n - 1
    assert {event.reason for event in result.of(Dropped)} <= {"nobody"}
    assert result.lines("alice")[-1].startswith("got")


def test_a_stopped_server_gets_its_signal_and_after_the_grace_is_killed(stage: Stage) -> None:
    stage.program(
        "stubborn.py",
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SERVER,
    )
    stage.host("server", "python", "stubborn.py", "$(self:9999)", stop=Stop("TERM", 100 * MS))
    stop = step(0, HostAction("stop", HostRef("server")), at(0.1))
    result = beats(stage, 0.5).run(timeline=(stop,))
    signals = [event.signal for event in result.of(Signalled) if event.host == "server"]
    assert signals == ["TERM", "KILL"]
    end = next(event for event in result.of(Exited) if event.host == "server")
    assert (end.code, end.by) == (137, "step")


def test_a_paused_server_answers_when_it_goes_on(stage: Stage) -> None:
    pause = step(0, HostAction("pause", HostRef("server")), at(0.1), lasts_ns=300 * MS)
    result = beats(stage, 0.8).run(timeline=(pause,))
    on, off = result.of(Fault)
    said = result.way(Sent, "server", "alice")
    assert not [event for event in said if on.t + 50 * MS < event.t < off.t]
    assert [event for event in said if event.t > off.t]
    assert not result.way(Dropped, "alice", "server")


@linux
@pytest.mark.parametrize("new", ["port", "address"])
def test_after_a_rebinding_the_server_sees_a_new_source_and_the_old_is_dead(
    stage: Stage, new: str
) -> None:
    # The delay toward the client makes answers to the old source still arrive afterwards.
    rules = (link("alice -> server", delay_ns=60 * MS),)
    rebind = step(0, Rebind(HostRef("alice"), new), at(0.3))  # type: ignore[arg-type]
    result = beats(stage, 0.7).run(links=rules, timeline=(rebind,))
    seen = list(dict.fromkeys(e.seen_as for e in result.way(Sent, "alice", "server")))
    assert len(seen) == 2
    hosts = {place.split(":")[0] for place in seen}
    assert len(hosts) == (1 if new == "port" else 2)
    after_her_end = {"nobody"}
    assert {event.reason for event in result.of(Dropped)} - after_her_end == {"nat"}
    arrived = {e.of for e in result.way(Delivered, "server", "alice")}
    later = [e.n for e in result.way(Sent, "alice", "server") if e.seen_as == seen[1]]
    assert max(arrived) > min(later)
    if new == "address":
        told = [e for e in result.of(Address) if (e.viewer, e.host) == ("server", "alice")]
        assert told[-1].address in hosts


def test_a_silent_host_speaks_and_is_answered(stage: Stage) -> None:
    timeline = (
        step(0, send("pulse -> server:9999", says("hello $(server:9999.port)")), at(0.1)),
        step(1, send("pulse -> server:9999", PayloadPart("hex", data=b"\xff\x00")), at(0.2)),
        step(2, send("pulse -> server:9999", PayloadPart("random", size_bytes=9)), at(0.2)),
    )
    result = stage.host("pulse").run(at(0.5), timeline=timeline)
    spoken = result.way(Sent, "pulse", "server")
    assert all(event.injected and event.dport == 9999 for event in spoken)
    front = next(e.number for e in result.of(Address) if (e.viewer, e.port) == ("pulse", 9999))
    assert spoken[0].payload == f"hello {front}".encode()
    assert spoken[1].payload == b"\xff\x00"
    assert len(spoken[2].payload) == 9
    answers = result.way(Delivered, "server", "pulse")
    assert len(answers) == 3
    assert answers[0].dport == spoken[0].sport


def test_a_step_may_copy_what_triggered_it_to_the_socket_it_came_from(stage: Stage) -> None:
    copied = send(
        "pulse -> alice",
        says("seen "),
        PayloadPart("copy", copy=Range(0, 3)),
        flip=0,
    )
    each = step(0, copied, None, each=pattern(Kind.SENT, "alice -> server", nth=2))
    result = beats(stage.host("pulse"), 0.3).run(timeline=(each,))
    assert result.way(Sent, "pulse", "alice")[0].payload == b"seen beat"
    assert any("seen beat" in line for line in result.lines("alice"))


def test_an_untouched_target_without_a_port_is_an_error_of_the_step(stage: Stage) -> None:
    stage.program("mute.py", "import time\ntime.sleep(60)\n")
    stage.host("mute", "python", "mute.py").host("pulse")
    timeline = (step(0, send("pulse -> mute", says("x")), at(0.1)),)
    result = stage.run(at(0.3), timeline=timeline)
    assert any("has not sent yet" in text for text in result.notes("rig"))


def test_a_step_that_never_happens_is_reported_missed(stage: Stage) -> None:
    never = step(0, None, AtPattern(pattern(Kind.OUTPUT, "server", says="never said")))
    result = stage.run(timeline=(never,))
    assert result.of(Closed)[0].steps_missed == [0]


SHORT = "import sys, time\nif sys.argv[1] == '1': time.sleep(60)\nprint('short', flush=True)\n"


@pytest.mark.parametrize("verb", ["kill", "stop", "pause"])
def test_a_step_on_a_program_that_has_ended_is_missed(stage: Stage, verb: str) -> None:
    stage.program("short.py", SHORT)
    stage.host("short", "python", "short.py", "0")
    action = HostAction(verb, HostRef("short"))  # type: ignore[arg-type]
    seen = pattern(Kind.EXIT, "short", plus_ns=100 * MS)
    late = step(0, action, AtPattern(seen), lasts_ns=50 * MS, mark="never")
    result = beats(stage, 1.0).run(timeline=(late,))
    assert result.of(Fault) == []
    (note,) = [event for event in result.of(Note) if "step 0" in event.text]
    assert note.host == "short"
    assert note.text.endswith("did not happen: the program had ended already")
    assert result.of(Closed)[0].steps_missed == [0]
    assert [event.life for event in result.of(Started) if event.host == "short"] == [1]


def test_a_step_on_a_program_that_is_not_there_yet_is_missed(stage: Stage) -> None:
    stage.program("short.py", SHORT)
    stage.host("short", "python", "short.py", "0", starts=at(0.4))
    result = beats(stage, 0.6).run(timeline=(step(0, HostAction("kill", HostRef("short")), at(0)),))
    (note,) = [event for event in result.of(Note) if "step 0" in event.text]
    assert note.text.endswith("the program has not begun yet")
    assert result.of(Closed)[0].steps_missed == [0]


def test_a_step_on_a_group_concerns_its_living_members(stage: Stage) -> None:
    stage.program("short.py", SHORT)
    stage.host("client", "python", "short.py", "$(self.index)", count=2)
    group = HostAction("kill", HostRef("client"))
    seen = AtPattern(pattern(Kind.EXIT, "client-2"))
    both = step(0, group, seen, lasts_ns=50 * MS)
    result = beats(stage, 1.0).run(timeline=(both,))
    assert [event.on for event in result.of(Fault)] == [True, False]
    assert result.of(Closed)[0].steps_missed == []
    lives = [(event.host, event.life) for event in result.of(Started) if "client" in event.host]
    assert sorted(lives) == [("client-1", 1), ("client-1", 2), ("client-2", 1)]


def test_a_triggered_step_may_find_its_program_gone_after_the_first_time(stage: Stage) -> None:
    killing = step(
        0,
        HostAction("kill", HostRef("server")),
        None,
        each=pattern(Kind.SENT, "alice -> server"),
    )
    result = beats(stage, 0.4).run(timeline=(killing,))
    assert result.of(Fault)
    (_,) = [event for event in result.of(Note) if "had ended already" in event.text]
    assert result.of(Closed)[0].steps_missed == []


def test_a_trigger_binds_the_member_that_matched(stage: Stage) -> None:
    patient = CLIENT.replace("    try:", "    time.sleep(0.2)\n    try:")
    stage.program("patient.py", "import time\n" + patient)
    words = ("python", "patient.py", "$(server:9999)", "2", "0.1")
    del stage.hosts["alice"]
    stage.host("client", *words, count=2)
    cut = step(
        0,
        Cut((flow("server -> client"),)),
        None,
        each=pattern(Kind.OUTPUT, "client", says="answer re:0"),
        times=1,
    )
    result = stage.run(after_exit("client"), timeline=(cut,))
    (fault,) = result.of(Fault)
    other = next(name for name in ("client-1", "client-2") if name != fault.host)
    assert result.lines(fault.host)[1] == "timeout"
    assert result.lines(other) == ["answer re:0", "answer re:1"]


@linux
def test_peers_that_serve_and_ask_from_one_socket_see_one_address(stage: Stage) -> None:
    peer = """
import socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", int(sys.argv[1])))
other = sys.argv[2].split(":")
sock.settimeout(0.05)
print("other", *other, flush=True)
for _ in range(20):
    sock.sendto(b"hi", (other[0], int(other[1])))
    try:
        print("from", *sock.recvfrom(100)[1], flush=True)
    except TimeoutError:
        pass
"""
    stage.program("peer.py", peer)
    stage.hosts.clear()
    for name, other in (("bob", "carol"), ("carol", "bob")):
        stage.host(name, "python", "peer.py", "$(self:9998.port)", f"$({other}:9998)")
    result = stage.run(after_exit("carol"))
    for name in ("bob", "carol"):
        spoken, *heard = result.lines(name)
        assert heard
        assert set(heard) == {spoken.replace("other", "from")}
    assert not [event for event in result.of(Dropped) if event.reason != "nobody"]


def test_a_host_that_begins_later_begins_then(stage: Stage) -> None:
    stage.program("late.py", "print('here', flush=True)\n")
    stage.host("late", "python", "late.py", starts=at(0.3))
    result = stage.run(after_exit("late"))
    started = next(event for event in result.of(Started) if event.host == "late")
    assert started.t >= 0.3 * S
    assert result.lines("late") == ["here"]


def test_a_run_whose_end_never_comes_ends_at_its_deadline(stage: Stage) -> None:
    scenario_end = AtPattern(pattern(Kind.OUTPUT, "server", says="never"))
    events: list = []
    scenario = replace(stage.scenario(scenario_end), deadline_ns=300 * MS)
    LoopbackLab().run(Plan(scenario, 1, str(stage.folder)), Log(events.append), lambda: False)
    assert [event.why for event in events if isinstance(event, Ended)] == ["deadline"]


def test_readiness_may_be_a_line_of_output(stage: Stage) -> None:
    stage.host("server", "python", "server.py", "$(self:9999)", ready=Ready("says", says="^up$"))
    result = stage.run()
    assert result.lines("alice")[0] == "answer re:0"
    assert not [note for note in result.of(Note) if note.fault]
