"""Programs and machines that misbehave: a clear note, and the run still ends in order."""

from __future__ import annotations

import socket
import sys
import threading
from functools import partial
from pathlib import Path

import pytest
from loopback_runs import (
    HERE,
    MS,
    SERVER,
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

from harness.clock import SystemClock
from harness.errors import CapabilityMissing, Place
from harness.labs.base import Plan
from harness.labs.family import read_kin
from harness.labs.loopback import rig
from harness.labs.loopback.drops import DropWatch
from harness.labs.loopback.lab import LoopbackLab
from harness.link.fate import Fate
from harness.scenario.model import (
    AtPattern,
    End,
    Flow,
    HostRef,
    Kind,
    LinkFields,
    LinkRule,
    Ready,
    Rebind,
    Single,
)
from harness.trace.events import (
    Address,
    AnyEvent,
    Closed,
    Delivered,
    Dropped,
    Ended,
    Exited,
    Note,
    Output,
    Sent,
)
from harness.trace.log import Log

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path).echo()


def why(result: object) -> list[str]:
    return [event.why for event in result.of(Ended)]  # type: ignore[attr-defined]


def test_a_program_that_exits_before_it_is_ready_ends_the_run(stage: Stage) -> None:
    stage.program("dies.py", "import sys\nprint('no luck')\nsys.exit(4)\n")
    stage.host("server", "python", "dies.py", "$(self:9999)")
    result = stage.run()
    (text,) = result.notes("program")
    assert text == "server exited with code 4 before it was ready; its last lines: no luck"
    assert why(result) == ["error"]
    assert isinstance(result.events[-1], Closed)


def test_a_program_that_is_never_ready_ends_the_run_after_its_deadline(stage: Stage) -> None:
    stage.program("deaf.py", "import time\nprint('deaf', flush=True)\ntime.sleep(60)\n")
    ready = Ready("ports", within_ns=300 * MS)
    stage.host("server", "python", "deaf.py", "$(self:9999)", ready=ready)
    result = stage.run()
    (text,) = result.notes("program")
    assert text.startswith("server was not ready within 300ms: awaited a socket bound to port 9999")
    assert text.endswith("its last lines: deaf")
    assert why(result) == ["error"]


def test_a_command_that_is_not_there_ends_the_run(stage: Stage) -> None:
    stage.host("server", "no-such-program-here", "$(self:9999)")
    result = stage.run()
    assert "no-such-program-here" in result.notes("program")[0]


def test_an_interrupt_stops_everything_and_closes_the_log(stage: Stage) -> None:
    asked: list[AnyEvent] = []
    began_ns = 0

    def seen(event: AnyEvent) -> None:
        nonlocal began_ns
        if isinstance(event, Output) and event.line == "answer re:0" and not asked:
            asked.append(event)
            began_ns = SystemClock().monotonic_ns()

    stage.program("stubborn.py", "import signal\nsignal.signal(15, signal.SIG_IGN)\n" + SERVER)
    stage.host("server", "python", "stubborn.py", "$(self:9999)")
    result = stage.run(at(60), interrupted=lambda: bool(asked), listen=[seen])
    assert SystemClock().monotonic_ns() - began_ns < 2_000 * MS
    assert why(result) == ["interrupted"]
    assert isinstance(result.events[-1], Closed)
    assert {(event.host, event.by) for event in result.of(Exited)} >= {("server", "end")}


def test_no_process_of_a_run_is_left(stage: Stage) -> None:
    stage.program(
        "forks.py",
        "import subprocess, sys, time\n"
        "child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "print(child.pid, flush=True)\ntime.sleep(60)\n",
    )
    stage.host("odd", "python", "forks.py")
    result = stage.run(AtPattern(pattern(Kind.OUTPUT, "odd")))
    (child,) = result.lines("odd")
    kin = read_kin(int(child))
    assert kin is None or kin.name != "sleep"


@linux
def test_foreign_datagrams_are_ignored_and_noted_once(stage: Stage) -> None:
    fronts: list[tuple[str, int]] = []
    spy = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def listen(event: AnyEvent) -> None:
        if isinstance(event, Address) and event.port and event.viewer == "alice":
            fronts.append((event.address, event.number))
        if isinstance(event, Output) and event.line == "answer re:0":
            for _ in range(3):
                spy.sendto(b"intruder", fronts[0])

    result = stage.echo(5).run(listen=[listen])
    spy.close()
    (note,) = [event for event in result.of(Note) if "ignored" in event.text]
    assert not note.fault
    assert len(result.way(Sent, "alice", "server")) == 5
    assert not any("intruder" in line for line in result.lines("server"))


FLOOD = """
import socket, sys
host, port = sys.argv[1].rsplit(":", 1)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(int(sys.argv[2])):
    sock.sendto(b"%d" % number, (host, int(port)))
"""

SLOW = """
import socket, sys, time
host, port = sys.argv[1].rsplit(":", 1)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((host, int(port)))
print("up", flush=True)
sys.stdin.read()
time.sleep(0.6)
sock.settimeout(0.3)
got = []
try:
    while True:
        got.append(int(sock.recv(100)))
except TimeoutError:
    print("got", *got, flush=True)
"""


@linux
def test_what_a_full_buffer_loses_is_dropped_and_nothing_else(stage: Stage) -> None:
    stage.program("flood.py", FLOOD)
    stage.program("slow.py", SLOW)
    stage.hosts.clear()
    stage.host("server", "python", "slow.py", "$(self:9999)")
    stage.host("alice", "python", "flood.py", "$(server:9999)", "600")
    result = stage.run(AtPattern(pattern(Kind.OUTPUT, "server", says="^got")))
    got = {int(word) for word in result.lines("server")[-1].split()[1:]}
    delivered = {int(event.k) - 1 for event in result.way(Delivered, "alice", "server")}
    dropped = result.way(Dropped, "alice", "server")
    assert dropped
    assert {event.reason for event in dropped} == {"buffer"}
    assert delivered == got
    assert len(delivered) + len(dropped) == 600
    assert not [note for note in result.of(Note) if note.fault]


@linux
def test_a_program_may_send_once_and_be_gone(stage: Stage) -> None:
    stage.program("flood.py", FLOOD)
    stage.host("alice", "python", "flood.py", "$(server:9999)", "3")
    result = stage.run(AtPattern(pattern(Kind.OUTPUT, "server", says="2$")))
    assert [event.payload for event in result.way(Sent, "alice", "server")] == [b"0", b"1", b"2"]
    answers = result.way(Delivered, "server", "alice") + result.way(Dropped, "server", "alice")
    assert len(answers) == len(result.way(Sent, "server", "alice"))
    assert not [note for note in result.of(Note) if note.fault]


def test_datagrams_under_way_at_the_end_get_their_fate(stage: Stage) -> None:
    rules = (link("alice -> server", delay_ns=400 * MS),)
    result = stage.echo(1).run(at(0.3), links=rules)
    ended = result.of(Ended)[0]
    before = [event for event in result.way(Sent, "alice", "server") if event.n < ended.n]
    assert before
    fates = {event.of for event in result.of(Delivered)}
    assert {event.n for event in before} <= fates


def test_a_literal_port_in_use_by_somebody_else_is_an_error_that_names_it(stage: Stage) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        stage.host("server", "python", "server.py", f"127.0.0.1:{port}")
        stage.host("alice", "python", "client.py", f"$(server:{port})", "1")
        result = stage.run()
    (text,) = result.notes("rig")
    assert f"port {port} is in use" in text
    assert why(result) == ["error"]


def test_a_literal_port_is_served_under_its_own_number(stage: Stage) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
    stage.host("server", "python", "server.py", f"127.0.0.1:{port}")
    stage.host("alice", "python", "client.py", f"$(server:{port})", "2")
    result = stage.run()
    assert result.lines("alice") == ["answer re:0", "answer re:1"]
    assert {event.dport for event in result.way(Sent, "alice", "server")} == {port}


def test_runs_that_need_the_same_literal_port_wait_for_one_another(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
    found: list[tuple[list[str], list[str]]] = []

    def one(name: str) -> None:
        (tmp_path / name).mkdir()
        stage = Stage(tmp_path / name).echo()
        stage.host("server", "python", "server.py", f"127.0.0.1:{port}")
        stage.host("alice", "python", "client.py", f"$(server:{port})", "3")
        result = stage.run()
        found.append((result.lines("alice"), result.notes("rig")))

    threads = [threading.Thread(target=one, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(["answer re:0", "answer re:1", "answer re:2"], [])] * 2


@linux
@pytest.mark.parametrize("sizes_known", [True, False])
def test_a_loss_in_a_small_buffer_is_named_or_unsettles_the_run(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, sizes_known: bool
) -> None:
    if not sizes_known:
        monkeypatch.setattr(rig, "DropWatch", partial(DropWatch, sizes=dict))
    stage.program("flood.py", FLOOD)
    small = "sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)\nsock.bind"
    stage.program("slow.py", SLOW.replace("sock.bind", small))
    stage.hosts.clear()
    stage.host("server", "python", "slow.py", "$(self:9999)")
    stage.host("alice", "python", "flood.py", "$(server:9999)", "40")
    result = stage.run(AtPattern(pattern(Kind.OUTPUT, "server", says="^got")))
    got = len(result.lines("server")[-1].split()) - 1
    notes = result.notes("inconclusive")
    lost = sum(int(text.split()[0]) for text in notes)
    # How many of them can be named depends on when the relay got to look; none is ever missing.
    assert all("in the receive buffer of server" in text for text in notes)
    named = [event for event in result.of(Dropped) if event.reason == "buffer"]
    assert lost + len(named) > 0
    assert got + lost + len(named) == 40


SPRAY = """
import signal, socket, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
host, port = sys.argv[1].rsplit(":", 1)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    sock.sendto(b"x" * 60000, (host, int(port)))
"""


@pytest.mark.parametrize("early", [False, True])
def test_a_trace_that_grows_too_large_ends_the_run_in_order(stage: Stage, early: bool) -> None:
    stage.program("spray.py", SPRAY)
    ready = Ready("says", says="never said") if early else Ready()
    stage.host("alice", "python", "spray.py", "$(server:9999)", ready=ready)
    began_ns = SystemClock().monotonic_ns()
    events: list[AnyEvent] = []
    plan = Plan(stage.scenario(at(15)), 1, str(stage.folder))
    LoopbackLab(trace_limit_bytes=4 << 20).run(plan, Log(events.append), lambda: False)
    assert SystemClock().monotonic_ns() - began_ns < 5_000 * MS
    notes = [event.text for event in events if isinstance(event, Note) and event.fault == "rig"]
    assert notes.count("the trace has grown beyond 4 MiB; send less, or run shorter") == 1
    assert [event.why for event in events if isinstance(event, Ended)] == ["error"]
    assert isinstance(events[-1], Closed)
    payloads = sum(len(event.payload) for event in events if isinstance(event, Sent))
    assert payloads < 64 << 20


def test_lines_of_output_weigh_too(stage: Stage) -> None:
    stage.program("talks.py", "while True: print('x' * 1000)\n")
    stage.host("odd", "python", "talks.py")
    events: list[AnyEvent] = []
    plan = Plan(stage.scenario(at(15)), 1, str(stage.folder))
    LoopbackLab(trace_limit_bytes=4 << 20).run(plan, Log(events.append), lambda: False)
    assert [event.why for event in events if isinstance(event, Ended)] == ["error"]


def test_thirty_clients_at_once_are_kept_apart(stage: Stage) -> None:
    del stage.hosts["alice"]
    stage.host("client", "python", "client.py", "$(server:9999)", "3", count=30)
    result = stage.run(after_exit("client"))
    for number in range(1, 31):
        assert result.lines(f"client-{number}") == ["answer re:0", "answer re:1", "answer re:2"]
    seen = {event.seen_as for event in result.of(Sent) if event.target == "server"}
    assert len(seen) == 30
    assert not [note for note in result.of(Note) if note.fault]


def test_a_mutant_runs_the_changed_copy(stage: Stage) -> None:
    path = stage.folder / "server.py"
    changed = SERVER.replace('b"re:"', 'b"mutant:"')
    result = stage.echo(1).run(edits={str(path): changed})
    assert result.lines("alice") == ["answer mutant:0"]
    assert path.read_text() == SERVER


def test_a_replay_gives_each_datagram_the_fate_that_it_had(stage: Stage) -> None:
    fates = {
        "alice>server": ((Fate(0, "loss"),), (Fate(20 * MS),), (Fate(0), Fate(MS, copy=1))),
        "server>alice": ((Fate(0),), (Fate(0),), (Fate(0),)),
    }
    result = stage.echo(3, patience=0.2).run(fates=fates)
    assert [event.reason for event in result.of(Dropped) if event.source == "alice"] == ["loss"]
    arrived = [(event.k, event.copy) for event in result.way(Delivered, "alice", "server")]
    assert arrived == [(2, 0), (3, 0), (3, 1)]
    assert result.lines("alice")[0] == "timeout"


class TestRefusals:
    """What the lab cannot honour, said before anything starts."""

    def refused(self, stage: Stage, **more: object) -> list[str]:
        return [one.reason for one in LoopbackLab().refusals(stage.scenario(**more))]  # type: ignore[arg-type]

    def test_a_plain_scenario_is_not_refused(self, stage: Stage) -> None:
        assert self.refused(stage) == []

    def test_each_refusal_has_its_place_and_a_remedy(self, stage: Stage) -> None:
        place = Place("some.yaml", 7, 3)
        rule = LinkRule(flow("any -> any"), LinkFields(mtu_bytes=1000), place, "any -> any")
        (refusal,) = LoopbackLab().refusals(stage.scenario(links=(rule,)))
        assert refusal.where == "some.yaml:7:3"
        assert "mtu" in refusal.reason
        assert "network stack" in refusal.remedy

    def test_a_program_that_is_not_installed(self, stage: Stage) -> None:
        assert "no-such-program" in self.refused(stage, needs=("no-such-program",))[0]

    def test_ttl_and_literal_addresses(self, stage: Stage) -> None:
        one = send("pulse -> server:9999", says("x"), ttl=3)
        assert "ttl" in self.refused(stage.host("pulse"), timeline=(step(0, one, at(1)),))[0]
        away = Flow(End(HostRef("alice")), End(address="224.0.0.251", port=5353))
        seen = AtPattern(Single(Kind.SENT, HERE, flows=(away,)))
        assert "224.0.0.251" in self.refused(stage, until=seen)[0]

    def test_a_bare_address_of_another_host(self, stage: Stage) -> None:
        stage.host("alice", "python", "client.py", "$(server)", "9999")
        assert "$(server)" in self.refused(stage)[0]

    def test_one_literal_port_for_two_hosts(self, stage: Stage) -> None:
        stage.host("other", "python", "server.py", "9999")
        stage.host("server", "python", "server.py", "9999")
        stage.host("alice", "python", "client.py", "$(server:9999)", "$(other:9999)")
        assert "both need port 9999" in self.refused(stage)[0]

    def test_what_cannot_tell_hosts_apart_that_share_one_address(self, stage: Stage) -> None:
        rebind = step(0, Rebind(HostRef("alice"), "address"), at(1))
        seen = AtPattern(pattern(Kind.OUTPUT, "server", says="from $(alice) "))
        reasons = self.refused(stage, until=seen, timeline=(rebind,), family="ipv6")
        assert len(reasons) == 2
        named = AtPattern(pattern(Kind.OUTPUT, "server", says="from $(alice.port) "))
        assert self.refused(stage, until=named, family="ipv6") == []

    def test_a_plan_that_was_refused_is_not_run(self, stage: Stage) -> None:
        with pytest.raises(CapabilityMissing, match="no-such-program"):
            stage.run(needs=("no-such-program",))

    def test_without_the_capability_the_lab_says_what_it_cannot_see(self, stage: Stage) -> None:
        scenario = stage.scenario(after_exit("alice"))
        assert set(LoopbackLab(raw=False).blind(scenario)) == {"dropped:nobody", "icmp"}
        assert LoopbackLab(raw=True).blind(scenario) == {}
