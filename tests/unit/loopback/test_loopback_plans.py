"""What the lab derives from a scenario before and beside the sockets: ports, links, payloads."""

from __future__ import annotations

import socket
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import RigFault
from harness.labs.loopback.addresses import AddressBook, Platform
from harness.labs.loopback.edited import sources
from harness.labs.loopback.faces import Endpoint, FaceBook
from harness.labs.loopback.naming import Naming, member_index
from harness.labs.loopback.payload import built, flipped
from harness.labs.loopback.port_plan import conflicts, port_needs
from harness.labs.loopback.ports import PortPool
from harness.labs.loopback.readiness import readiness
from harness.labs.loopback.steps import bound
from harness.labs.loopback.weather import Weather, loss_model
from harness.link.fabric import Fabric
from harness.link.fate import GilbertElliottLoss, PacketLoss
from harness.rng import stream
from harness.scenario.loader import loads
from harness.scenario.model import (
    End,
    Flow,
    GilbertElliott,
    HostRef,
    LinkChange,
    PacketList,
    PayloadPart,
    Ready,
    Scenario,
    Send,
    Whose,
)
from harness.units import Range

MS = 1_000_000
TEXT = """\
scenario: hosts, links and steps of every sort
until: 9s
hosts:
  server: {run: 'python s.py $(self:9999)'}
  fixed: {run: python f.py}
  peer: {run: 'python p.py $(self:7000) $(server:9999)', count: 2}
  pulse: {}
links:
  any -> any: {delay: 20ms, loss: 5%}
  peer -> server: {delay: 30ms}
  peer-1 -> server:9999: {delay: 40ms}
timeline:
  - {at: 1s, send: pulse -> server:9999, text: hi}
  - {at: 2s, links: {peer -> server: {delay: 1ms}}, for: 1s}
  - {at: 4s, cut: peer-2 <-> server, for: 1s}
checks:
  a: {expect: {delivered: peer -> fixed:5353}}
  b: {expect: {delivered: pulse -> server}}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    (tmp_path / "x").mkdir()
    return loads(TEXT, str(tmp_path / "x" / "x.yaml"), {})[0]


class TestPorts:
    def test_a_port_that_the_program_is_told_is_free_and_any_other_literal(
        self, scenario: Scenario
    ) -> None:
        needs = {(need.host, need.port): need.literal for need in port_needs(scenario)}
        assert needs == {
            ("server", 9999): False,
            ("fixed", 5353): True,
            ("peer-1", 7000): False,
            ("peer-2", 7000): False,
        }

    def test_only_literal_ports_of_two_hosts_are_in_conflict(self, tmp_path: Path) -> None:
        text = TEXT.replace("fixed:5353", "peer:5353").replace("peer -> peer", "fixed -> peer")
        scenario = loads(text, str(tmp_path / "x.yaml"), {})[0]
        ((holder, other),) = conflicts(port_needs(scenario))
        assert (holder.host, other.host, holder.port) == ("peer-1", "peer-2", 5353)


class TestWeather:
    def end(self, host: str, port: int = 40000) -> Endpoint:
        return Endpoint(host, port, ("127.0.0.1", port))

    def delay_ms(self, weather: Weather, source: str, port: int = 40000) -> float:
        fates = weather.fates(self.end(source), self.end("server", port), 10, 1000 * MS)
        return (fates[0].at_ns - 1000 * MS) / MS

    def clear(self, scenario: Scenario) -> Weather:
        links = tuple(
            replace(rule, fields=replace(rule.fields, loss=None)) for rule in scenario.links
        )
        return Weather(replace(scenario, links=links), Fabric(1))

    def test_the_more_specific_rule_wins_and_every_rule_met_is_counted(
        self, scenario: Scenario
    ) -> None:
        weather = self.clear(scenario)
        assert self.delay_ms(weather, "pulse") == 20
        assert self.delay_ms(weather, "peer-2", 9999) == 30
        assert self.delay_ms(weather, "peer-1", 9999) == 40
        assert self.delay_ms(weather, "peer-1", 5) == 30
        assert weather.met == {0: 4, 1: 3, 2: 1}

    def test_a_links_step_overrides_while_it_lasts(self, scenario: Scenario) -> None:
        weather = self.clear(scenario)
        change = scenario.timeline[1]
        weather.begin(change, 1)
        assert self.delay_ms(weather, "peer-1", 9999) == 1
        weather.undo(change, 1)
        assert self.delay_ms(weather, "peer-1", 9999) == 40

    @pytest.mark.parametrize("order", [(1, 7), (7, 1)])
    def test_of_two_links_steps_in_force_the_later_wins(
        self, scenario: Scenario, order: tuple[int, int]
    ) -> None:
        weather = self.clear(scenario)
        change = scenario.timeline[1].action
        assert isinstance(change, LinkChange)
        rule = change.rules[0]
        steps = [
            replace(
                scenario.timeline[1],
                index=index,
                action=LinkChange(
                    (replace(rule, fields=replace(rule.fields, delay_ns=index * MS)),)
                ),
            )
            for index in order
        ]
        for one in steps:
            weather.begin(one, 1)
        assert self.delay_ms(weather, "peer-1", 9999) == order[1]
        weather.begin(steps[0], 2)
        assert self.delay_ms(weather, "peer-1", 9999) == order[0]
        weather.undo(steps[0], 2)
        assert self.delay_ms(weather, "peer-1", 9999) == order[1]

    def test_a_cut_drops_on_its_flow_alone_and_until_its_end(self, scenario: Scenario) -> None:
        weather = self.clear(scenario)
        cut = scenario.timeline[2]
        weather.begin(cut, 1)
        ends = self.end("peer-2"), self.end("server", 9999)
        assert weather.fates(*ends, 10, 0)[0].drop == "cut"
        assert weather.fates(*reversed(ends), 10, 0)[0].drop == "cut"
        assert weather.fates(self.end("peer-1"), ends[1], 10, 0)[0].drop is None
        weather.undo(cut, 1)
        assert weather.fates(*ends, 10, 0)[0].drop is None

    def test_time_of_a_direction_never_runs_backwards(self, scenario: Scenario) -> None:
        weather = self.clear(scenario)
        ends = self.end("pulse"), self.end("server")
        assert weather.fates(*ends, 1, 500 * MS)[0].at_ns == 520 * MS
        assert weather.fates(*ends, 1, 499 * MS)[0].at_ns == 520 * MS

    def test_an_icmp_error_shifts_no_position_of_the_flow(self, scenario: Scenario) -> None:
        ends = self.end("pulse"), self.end("server")

        def fates(errands: int) -> list[object]:
            weather = Weather(scenario, Fabric(3))
            found = []
            for _ in range(40):
                found.append(weather.fates(*ends, 10, 0))
                for _ in range(errands):
                    weather.errand(*ends, 10, 0)
            return found

        assert fates(0) == fates(2)

    def test_each_form_of_loss_becomes_the_engines(self) -> None:
        assert loss_model(None) == 0
        assert loss_model(Fraction(1, 2)) == Fraction(1, 2)
        assert loss_model(PacketList((Range(1, 3), Range(7, None)))) == PacketLoss(
            [(1, 3), (7, None)]
        )
        words = Fraction(1), Fraction(1, 2), Fraction(1, 3), Fraction(0)
        assert loss_model(GilbertElliott(*words)) == GilbertElliottLoss(*words)


class TestPayload:
    def made(self, *parts: PayloadPart, observed: bytes = b"abcdef", flip: int = 0) -> bytes:
        send = Send(Flow(End(), End()), parts, flip=flip)
        return built(send, lambda text: text.upper(), observed, stream(1, "test"))

    def test_parts_are_joined_in_order(self) -> None:
        parts = (
            PayloadPart("text", text="x"),
            PayloadPart("hex", data=b"\xff"),
            PayloadPart("copy", copy=Range(1, 2)),
            PayloadPart("copy", copy=Range(4, None)),
            PayloadPart("file", data=b"!"),
        )
        assert self.made(*parts) == b"X\xffbcef!"

    def test_random_bytes_repeat_with_the_seed(self) -> None:
        part = PayloadPart("random", size_bytes=20)
        assert len(self.made(part)) == 20
        assert self.made(part) == self.made(part)

    @given(st.binary(max_size=40), st.integers(0, 400))
    def test_as_many_bits_differ_as_asked_for_or_as_there_are(
        self, payload: bytes, count: int
    ) -> None:
        changed = flipped(payload, count, stream(1, "flip"))
        differing = sum((a ^ b).bit_count() for a, b in zip(payload, changed, strict=True))
        assert differing == min(count, 8 * len(payload))


class TestReadiness:
    def test_it_is_complete_when_started_and_every_port_is_bound(self, scenario: Scenario) -> None:
        places = {9999: ("127.0.0.1", 4), 53: ("127.0.0.1", 5)}
        found = readiness("server", scenario.hosts["server"], places, {})
        found.started = True
        found.see_bound({("127.0.0.1", 4)})
        assert not found.complete
        assert "port 53" in found.awaited
        found.see_bound({("127.0.0.1", 5)})
        assert found.complete

    def test_only_the_last_lines_are_kept_for_the_message(self, scenario: Scenario) -> None:
        found = readiness("server", scenario.hosts["server"], {}, {})
        for number in range(1000):
            found.hear(f"line {number}")
        assert found.last_words.endswith("line 998 | line 999")
        assert len(found.last_words) < 100

    def test_a_name_in_says_stands_for_its_literal_text(self, scenario: Scenario) -> None:
        host = replace(scenario.hosts["server"], ready=Ready("says", says="^up on $(self:9999)$"))
        found = readiness("server", host, {}, {"$(self:9999)": "127.0.0.1:77"})
        found.started = True
        found.hear("up on 127x0.0.1:77")
        assert not found.complete
        found.hear("up on 127.0.0.1:77")
        assert found.complete


class TestNaming:
    @pytest.fixture
    def naming(self, scenario: Scenario) -> Naming:
        platform = Platform(socket.AF_INET, own_addresses=False)
        ports = PortPool(stream(1, "p"))
        addresses = AddressBook(platform, stream(1, "a"))
        book = FaceBook(platform, ports, addresses, lambda _: None)
        for member in scenario.single_hosts:
            book.admit(member, silent=member == "pulse")
        return Naming(scenario, book)

    def test_the_own_port_is_where_it_binds_and_anothers_a_face(self, naming: Naming) -> None:
        naming.book.serve("server", 9999, 23456, ours=False)
        assert naming.text("$(self:9999)", "server") == "127.0.0.1:23456"
        assert naming.text("$(server:9999.port)", "server") == "23456"
        seen = naming.text("$(server:9999.port)", "peer-1")
        assert seen != "23456"
        assert naming.text("$(server:9999.port)", "peer-1") == seen
        assert naming.text("$(server:9999.port)", "peer-2") != seen
        naming.book.close()
        naming.book.ports.close()

    def test_members_have_names_and_numbers(self, naming: Naming, scenario: Scenario) -> None:
        assert naming.text("$(self.name) $(self.index)", "peer-2") == "peer-2 2"
        assert naming.text("$(stranger) $$(x)", "peer-2") == "$(stranger) $(x)"
        assert member_index(scenario, "server") == 0


class TestEdits:
    def test_a_changed_program_stands_among_copies_of_its_neighbours(self, tmp_path: Path) -> None:
        folder, scratch = tmp_path / "programs", tmp_path / "scratch"
        folder.mkdir()
        scratch.mkdir()
        (folder / "a.py").write_text("old")
        (folder / "b.py").write_text("same")
        found = sources(folder, {str(folder / "a.py"): "new"}, scratch)
        copy = Path(found.path(str(folder)))
        assert (copy / "a.py").read_text() == "new"
        assert (copy / "b.py").read_text() == "same"
        assert (folder / "a.py").read_text() == "old"
        assert found.words(["x", str(folder / "a.py"), "/bin/true"]) == [
            "x",
            str(copy / "a.py"),
            "/bin/true",
        ]

    def test_without_edits_nothing_is_copied(self, tmp_path: Path) -> None:
        found = sources(tmp_path / "nowhere", {}, tmp_path)
        assert found.path("/a/b") == "/a/b"
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_cannot_be_copied_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(RigFault, match="cannot copy"):
            sources(tmp_path / "nowhere", {str(tmp_path / "nowhere/a"): ""}, tmp_path)


@pytest.mark.parametrize(
    ("ref", "caught", "expected"),
    [
        (HostRef("peer"), {"peer": "peer-2"}, HostRef("peer", 2)),
        (HostRef("peer"), {}, HostRef("peer")),
        (HostRef("peer", 1), {"peer": "peer-2"}, HostRef("peer", 1)),
        (HostRef("peer", whose=Whose.ANY), {"peer": "peer-2"}, HostRef("peer", whose=Whose.ANY)),
        (HostRef("server"), {"server": "server"}, HostRef("server")),
    ],
)
def test_a_trigger_binds_its_group_and_nothing_else(
    ref: HostRef, caught: dict[str, str], expected: HostRef
) -> None:
    assert bound(ref, caught) == expected
