from pathlib import Path

import pytest
from nodes import bad, good, read

from harness.scenario.checks import checks
from harness.scenario.model import (
    Anchor,
    AtMark,
    AtPattern,
    AtTime,
    Check,
    Cut,
    HostAction,
    HostRef,
    LinkChange,
    PayloadPart,
    Plain,
    Rebind,
    Send,
    Step,
)
from harness.scenario.timeline import timeline
from harness.units import Range

S = 1_000_000_000


def step(text: str, folder: Path = Path()) -> Step:
    (found,) = good(timeline, f"[{{{text}}}]", folder)
    return found


def test_a_step_is_read_whole() -> None:
    found = step("at: 21s, cut: alice <-> server, for: 24s, mark: outage")
    assert (found.at, found.lasts_ns, found.mark) == (AtTime(21 * S), 24 * S, "outage")
    assert isinstance(found.action, Cut)
    assert [str(flow) for flow in found.action.flows] == ["alice <-> server"]
    assert found.text == "cut: alice <-> server"


def test_a_repeated_step_is_read() -> None:
    found = step("at: death + 1s, every: 2s, times: 5, kill: client, mark: again")
    assert isinstance(found.at, AtMark)
    assert (found.every_ns, found.times) == (2 * S, 5)
    assert found.action == HostAction("kill", HostRef("client"))


def test_a_step_may_answer_every_match() -> None:
    found = step("each: {delivered: alice -> server}, times: 3, send: alice -> server, copy: 0 ..")
    assert (found.at, found.times) == (None, 3)
    assert found.each is not None


def test_a_step_of_only_a_time_and_a_mark_names_an_instant() -> None:
    found = step("at: {exit: alice, plus: 1s}, mark: gone")
    assert isinstance(found.at, AtPattern)
    assert (found.action, found.mark) == (None, "gone")


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("stop: server", HostAction("stop", HostRef("server"))),
        ("pause: client-2", HostAction("pause", HostRef("client", 2))),
        ("rebind: alice", Rebind(HostRef("alice"), "port")),
        ("rebind: alice, new: address", Rebind(HostRef("alice"), "address")),
    ],
)
def test_actions_on_hosts_are_read(text: str, action: object) -> None:
    assert step(f"at: 1s, {text}").action == action


def test_links_of_a_step_are_rules() -> None:
    found = step("at: 1s, links: {alice <-> server: {mtu: 1000B}}, until: 5s").action
    assert isinstance(found, LinkChange)
    assert found.rules[0].fields.mtu_bytes == 1000


def payload(text: str, folder: Path = Path()) -> tuple[PayloadPart, ...]:
    found = step(f"at: 1s, send: alice -> server:9, {text}", folder).action
    assert isinstance(found, Send)
    return found.payload


def test_every_payload_is_read(tmp_path: Path) -> None:
    (tmp_path / "ping.bin").write_bytes(b"\x00\x01")
    assert payload("text: HEARTBEAT $(alice.name)") == (
        PayloadPart("text", text="HEARTBEAT $(alice.name)"),
    )
    assert payload("text: ''") == (PayloadPart("text"),)
    assert payload("hex: 12 34") == (PayloadPart("hex", data=b"\x12\x34"),)
    assert payload("copy: 2 ..") == (PayloadPart("copy", copy=Range(2, None)),)
    assert payload("random: 1KiB") == (PayloadPart("random", size_bytes=1024),)
    assert payload("file: ping.bin", tmp_path) == (
        PayloadPart("file", text="ping.bin", data=b"\x00\x01"),
    )
    assert [part.how for part in payload("payload: [{hex: ff}, {copy: 0 .. 1}, {text: x}]")] == [
        "hex",
        "copy",
        "text",
    ]


def test_a_send_is_read_whole() -> None:
    found = step(
        "at: 1s, send: alice -> server, copy: 0 .., of: {sent: alice -> server}, flip: 3, ttl: 1"
    )
    assert isinstance(found.action, Send)
    assert (found.action.flip, found.action.ttl) == (3, 1)
    assert found.action.of is not None
    assert found.text.startswith("send: alice -> server, copy: 0 .., of: {")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{cut: alice -> server}", "no time"),
        ("{at: 1s, each: {exit: alice}, kill: server}", "several times"),
        ("{at: 1s, kill: server, cut: alice -> server}", "several actions"),
        ("{at: 1s, kill: server, text: x}", "belongs to `send`"),
        ("{at: 1s, kill: server, new: port}", "belongs to `rebind`"),
        ("{at: 1s, rebind: alice, new: mac}", "no word that belongs here"),
        ("{at: 1s, send: alice -> server}", "no payload"),
        ("{at: 1s, send: alice -> server, text: x, hex: ff}", "several payloads"),
        ("{at: 1s, send: alice -> server, text: x, as: alice}", "unknown key"),
        ("{at: 1s, send: alice -> server, text: x, damage: [no-checksum]}", "unknown key"),
        ("{at: 1s, send: alice -> server, recipe: flood}", "unknown key"),
        ("{at: 1s, send: alice -> server, icmp: port-unreachable}", "unknown key"),
        ("{at: 1s, send: alice -> server, text: x, ttl: 256}", "out of bounds"),
        ("{at: 1s, send: alice -> server, payload: {hex: ff}}", "where a list belongs"),
        ("{at: 1s, send: alice -> server, payload: [{}]}", "no payload"),
        ("{at: 1s, send: alice -> server, payload: [{hex: ff, text: x}]}", "several payloads"),
        ("{at: 1s, send: alice -> server, file: absent}", "cannot be read"),
        ("{at: 1s, send: alice -> server, text: [x]}", "a list where text belongs"),
        ("{at: 1, kill: server}", "lacks its unit"),
        ("{at: 1s, kill: server, times: 0}", "out of bounds"),
        ("{at: 1s, kill: server, for: -1s}", "negative"),
        ("{at: 1s, kill: [server]}", "a list where one value belongs"),
        ("kill", "where a mapping belongs"),
    ],
)
def test_what_is_no_step_is_refused(text: str, word: str) -> None:
    assert word in bad(timeline, f"[{text}]").message


def test_a_timeline_is_a_list() -> None:
    assert "where a list belongs" in bad(timeline, "{at: 1s}").message


def test_a_step_with_a_wrong_action_keeps_its_mark_and_its_end() -> None:
    found, problems = read(timeline, "[{at: 1s, cut: nowhere, for: 2s, mark: outage}]")
    assert len(problems) == 1
    assert (found[0].mark, found[0].lasts_ns) == ("outage", 2 * S)
    assert found[0].action is not None


def check(text: str) -> Check:
    (found,) = good(checks, f"{{claim: {{{text}}}}}")
    return found


def plain(text: str) -> Plain:
    (part,) = check(text).parts
    return part


def test_a_plain_check_is_read_whole() -> None:
    found = check(
        "each: {delivered: alice -> server}, expect: {output: server}, within: 10s .. 11s,"
        " unless: {exit: alice}, during: 5s .., count: 1, holds: 95% .., confidence: 99%"
    )
    (part,) = found.parts
    assert (found.name, found.contract, part.kind) == ("claim", "", "expect")
    assert part.anchor is not None
    assert (part.anchor.word, part.within) == ("each", Range(10 * S, 11 * S))
    assert part.unless is not None
    assert part.during is not None
    assert (part.count, part.pattern is None) == (Range(1, 1), False)
    assert found.holds is not None
    assert found.confidence * 100 == 99
    assert part.text.startswith("each: {delivered: alice -> server}, expect:")


@pytest.mark.parametrize("word", ["after", "each", "whenever"])
def test_an_anchor_is_a_pattern(word: str) -> None:
    anchor = plain(f"{word}: {{exit: alice}}, never: {{exit: server}}").anchor
    assert isinstance(anchor, Anchor)
    assert anchor.word == word
    assert isinstance(anchor.instant, AtPattern)


def test_after_and_each_take_marks() -> None:
    for word in ("after", "each"):
        anchor = plain(f"{word}: outage.end, expect: {{exit: server}}").anchor
        assert anchor is not None
        assert isinstance(anchor.instant, AtMark)


@pytest.mark.parametrize(
    ("subject", "bounds", "expected"),
    [
        ("{loss: alice -> server}", "15% .. 45%", Range(15, 45)),
        ("{latency: alice -> server}", ".. 100ms", Range(None, S // 10)),
        ("{time: {exit: alice}, to: {exit: server}}", "1s ..", Range(S, None)),
        ("{goodput: alice -> server}", "1Mbit/s ..", Range(1_000_000, None)),
        ("{value: {output: server}}", ".. 2.5", Range(None, 2.5)),
    ],
)
def test_is_has_the_unit_of_the_measure(subject: str, bounds: str, expected: Range) -> None:
    found = plain(f"measure: {subject}, is: {bounds}").bounds
    assert found is not None
    scale = 100 if "%" in bounds else 1
    ends = [None if end is None else end * scale for end in (found.low, found.high)]
    assert ends == [expected.low, expected.high]


@pytest.mark.parametrize(
    ("text", "contract"),
    [
        ("alive: server", "alive"),
        ("heartbeat: {beat: alice -> server, expires: 1s, expired: {output: server}}", "heartbeat"),
        ("timeout: {try: {sent: alice -> server}, waits: [1s]}", "timeout"),
        ("delivery: {ids: 1 .. 3, taken: {output: server}, promise: at most once}", "delivery"),
    ],
)
def test_a_contract_is_spelled_out(text: str, contract: str) -> None:
    found = check(text)
    assert found.contract == contract
    assert len(found.parts) >= 2


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{within: 5s}", "no kind"),
        ("{expect: {exit: alice}, never: {exit: alice}}", "several kinds"),
        ("{after: a, each: b, expect: {exit: alice}}", "several anchors"),
        ("{never: {exit: alice}, count: 3}", "does not go with"),
        ("{measure: {loss: alice -> server}, is: 1%, after: x}", "does not go with"),
        ("{expect: {exit: alice}, is: 1%}", "does not go with"),
        ("{alive: server, count: 1}", "does not go with"),
        ("{alive: server, within: 1s}", "does not go with"),
        ("{measure: {loss: alice -> server}}", "lacks `is`"),
        ("{measure: {loss: alice -> server}, is: 5}", "lacks its unit"),
        ("{measure: {latency: alice -> server}, is: 5%}", "is not a duration"),
        ("{whenever: outage, expect: {exit: alice}}", "text where a pattern belongs"),
        ("{each: 5s, expect: {exit: alice}}", "each means many instants"),
        ("{expect: {exit: alice}, whithin: 5s}", "unknown key"),
        ("{validation: {hostile: alice -> server}}", "unknown key"),
        ("{amplification: {in: a -> b, out: b -> a, bytes: .. 3}}", "unknown key"),
        ("{expect: {exit: alice}, holds: 0.95 ..}", "lacks its unit"),
        ("{expect: {exit: alice}, within: 5}", "lacks its unit"),
        ("never", "where a mapping belongs"),
    ],
)
def test_what_is_no_check_is_refused(text: str, word: str) -> None:
    assert word in bad(checks, f"{{claim: {text}}}").message


def test_a_sound_check_stands_beside_a_broken_one() -> None:
    found, problems = read(checks, "{one: {never: {exit: Alice}}, two: {never: {exit: alice}}}")
    assert [each.name for each in found] == ["two"]
    assert len(problems) == 1
