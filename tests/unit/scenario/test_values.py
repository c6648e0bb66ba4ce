from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nodes import HOSTS, bad, good, node, read

from harness.scenario import values
from harness.scenario.document import Problems
from harness.scenario.flows import flow, flows, host
from harness.scenario.instants import during, instant
from harness.scenario.model import (
    AtMark,
    AtPattern,
    AtTime,
    End,
    Flow,
    HostRef,
    Whose,
)
from harness.scenario.reading import Reading
from harness.units import Range

S = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alice", HostRef("alice")),
        ("client", HostRef("client")),
        ("client-3", HostRef("client", 3)),
        ("client-33", HostRef("client", 33)),
        ("any client", HostRef("client", whose=Whose.ANY)),
        ("other client", HostRef("client", whose=Whose.OTHER)),
        ("other client-2", HostRef("client", 2, Whose.OTHER)),
        ("any", HostRef(whose=Whose.ALL)),
        ("nobody-7", HostRef("nobody-7")),
    ],
)
def test_a_host_word_is_read(text: str, expected: HostRef) -> None:
    assert good(host, text) == expected


def test_a_host_called_like_a_member_is_that_host() -> None:
    reading = Reading(Problems(), {**HOSTS, "client-3": None}, Path())
    assert host(reading, node("client-3")) == HostRef("client-3")


@pytest.mark.parametrize("text", ["Alice", "a b", "any any", "other", "every client", "''", "$(x)"])
def test_what_is_no_host_is_refused(text: str) -> None:
    assert bad(host, text).accepted.startswith("a host")


def test_the_nearest_host_is_offered() -> None:
    assert bad(host, "Server").nearest == "server"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alice -> server", Flow(End(HostRef("alice")), End(HostRef("server")))),
        ("alice->server", Flow(End(HostRef("alice")), End(HostRef("server")))),
        ("alice <-> server", Flow(End(HostRef("alice")), End(HostRef("server")), both=True)),
        ("alice:1 -> server:53", Flow(End(HostRef("alice"), 1), End(HostRef("server"), 53))),
        (
            "any client:9 -> any",
            Flow(End(HostRef("client", whose=Whose.ANY), 9), End(HostRef(whose=Whose.ALL))),
        ),
        (
            "alice -> 224.0.0.251:5353",
            Flow(End(HostRef("alice")), End(HostRef(), 5353, "224.0.0.251")),
        ),
        ("alice -> 224.0.0.251", Flow(End(HostRef("alice")), End(HostRef(), None, "224.0.0.251"))),
        (
            "'alice -> [ff02::fb]:5353'",
            Flow(End(HostRef("alice")), End(HostRef(), 5353, "ff02::fb")),
        ),
        ("'alice -> ff02::fb'", Flow(End(HostRef("alice")), End(HostRef(), None, "ff02::fb"))),
    ],
)
def test_a_flow_is_read(text: str, expected: Flow) -> None:
    assert good(flow, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "alice",
        "alice ->",
        "-> server",
        "alice -> server -> any",
        "alice > server",
        "alice -> server:0",
        "alice -> server:65536",
        "'alice -> server:'",
        "alice -> server:x",
        "alice -> 224.0.0.251:0",
        "'alice -> [zz]:5'",
        "''",
        "{a: b}",
    ],
)
def test_what_is_no_flow_is_refused(text: str) -> None:
    bad(flow, text)


def test_both_ends_of_a_flow_are_judged() -> None:
    _, problems = read(flow, "Alice -> Server")
    assert len(problems) == 2


def test_several_flows_are_a_list() -> None:
    found = good(flows, "[alice -> server, server -> alice]")
    assert found is not None
    assert [str(each) for each in found] == ["alice -> server", "server -> alice"]
    bad(flows, "[]")
    bad(flows, "{alice: server}")


@settings(deadline=None)
@given(st.sampled_from(sorted(HOSTS)), st.sampled_from(sorted(HOSTS)), st.integers(1, 65_535))
def test_a_flow_reads_back_as_it_is_shown(source: str, target: str, port: int) -> None:
    text = f"{source} <-> {target}:{port}"
    assert str(good(flow, text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3s", Range(0, 3 * S)),
        ("0s", Range(0, 0)),
        ("10s .. 11s", Range(10 * S, 11 * S)),
        ("10s..11s", Range(10 * S, 11 * S)),
        ("-2s .. 0s", Range(-2 * S, 0)),
        (".. 0s", Range(None, 0)),
        ("3s ..", Range(3 * S, None)),
    ],
)
def test_one_value_of_within_is_a_limit(text: str, expected: Range) -> None:
    assert good(values.limit, text) == expected


def test_one_value_of_waits_may_be_missed_by_the_slack() -> None:
    def waits(reading: Reading, piece: values.Node) -> Range | None:
        return values.limit(reading, piece, slack_ns=S)

    assert good(waits, "2s") == Range(2 * S, 3 * S)
    assert good(waits, "2s .. 5s") == Range(2 * S, 5 * S)


@pytest.mark.parametrize("text", ["-2s", "2", "2s .. 1s", "..", "soon", "[2s]", "''"])
def test_what_is_no_window_is_refused(text: str) -> None:
    bad(values.limit, text)


@pytest.mark.parametrize(
    ("reader", "text", "expected"),
    [
        (values.duration, "1m30s", 90 * S),
        (values.size, "64KiB", 65_536),
        (values.rate, "2Mbit/s", 2_000_000),
        (values.share, "0.1%", Fraction(1, 1000)),
        (values.count, "12", 12),
        (values.port, "9999", 9999),
        (values.counts, "2 ..", Range(2, None)),
        (values.counts, "5", Range(5, 5)),
        (values.sizes, "1401B ..", Range(1401, None)),
        (values.shares, "95% ..", Range(Fraction(19, 20), None)),
        (values.durations, ".. 100ms", Range(None, S // 10)),
        (values.numbers, "-1.5 .. 3", Range(Fraction(-3, 2), Fraction(3))),
        (values.rates, "1Mbit/s ..", Range(1_000_000, None)),
        (values.octets, "12 34ab", b"\x12\x34\xab"),
        (values.octet_pattern, "12 xx 81", (0x12, None, 0x81)),
        (values.text, "' words '", "words"),
        (values.words, "[a, b]", ("a", "b")),
        (values.words, "a", ("a",)),
    ],
)
def test_a_quantity_is_read(reader, text, expected) -> None:  # type: ignore[no-untyped-def]
    assert good(reader, text) == expected


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (values.duration, "10"),
        (values.duration, "-1s"),
        (values.duration, "10 parsecs"),
        (values.duration, "1" * 100 + "s"),
        (values.positive_duration, "0s"),
        (values.size, "1400"),
        (values.size, "9999999999999GiB"),
        (values.rate, "0bit/s"),
        (values.rate, "9" * 40 + "Gbit/s"),
        (values.share, "0.1"),
        (values.share, "101%"),
        (values.count, "-1"),
        (values.count, "1.5"),
        (values.count, "٣"),
        (values.port, "0"),
        (values.port, "65536"),
        (values.counts, "5 .. 2"),
        (values.counts, ".."),
        (values.shares, "0.95 .."),
        (values.octets, "1"),
        (values.octets, "xx"),
        (values.octets, "gg"),
        (values.octet_pattern, "1x"),
        (values.octet_pattern, "''"),
        (values.text, "''"),
        (values.text, "[a]"),
        (values.text, "{a: b}"),
    ],
)
def test_what_is_no_such_quantity_is_refused(reader, text) -> None:  # type: ignore[no-untyped-def]
    assert bad(reader, text).accepted


def test_a_range_that_runs_backwards_says_so() -> None:
    problem = bad(values.counts, "5 .. 2")
    assert "runs backwards" in problem.message
    assert problem.accepted == "the smaller end first"


@pytest.mark.parametrize(
    "text",
    [
        r"'^ask (?P<id>\d+)'",
        "^(answer|timeout) $(id)",
        "joined $(alice)",
        "from $(other client.name)$",
        "'[$$(]'",
        "'lost peer-(?!7$)'",
    ],
)
def test_a_regular_expression_stays_as_written(text: str) -> None:
    assert good(values.regex, text) == text.strip("'")


@pytest.mark.parametrize(
    "text", ["'(open'", "'a{2,1}'", "'(?P<1>x)'", r"'(?<=a+)b'", "'a{99999999999}'", "'[[a]'"]
)
def test_what_python_cannot_compile_is_refused(text: str) -> None:
    assert "no regular expression" in bad(values.regex, text).message


@settings(deadline=None)
@given(st.text(st.sampled_from("ab()[]{}?*+|^$\\.0123456789:=!<>P"), max_size=20))
def test_a_regular_expression_is_read_or_refused(text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    value, problems = read(values.regex, quoted)
    assert (value is None) == (len(problems) == 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("45s", AtTime(45 * S)),
        ("45s + 5s", AtTime(50 * S)),
        ("-1s", AtTime(-S)),
    ],
)
def test_a_time_is_read(text: str, expected: AtTime) -> None:
    assert good(instant, text) == expected


@pytest.mark.parametrize(
    ("text", "mark", "end", "index", "plus_ns"),
    [
        ("outage", "outage", False, None, 0),
        ("outage.end", "outage", True, None, 0),
        ("outage-3", "outage", False, 3, 0),
        ("outage-3.end", "outage", True, 3, 0),
        ("outage + 5s", "outage", False, None, 5 * S),
        ("outage.end - 100ms", "outage", True, None, -S // 10),
        ("hand-over", "hand-over", False, None, 0),
        ("hand-over-12", "hand-over", False, 12, 0),
    ],
)
def test_a_mark_is_read(text: str, mark: str, end: bool, index: int | None, plus_ns: int) -> None:
    found = good(instant, text)
    assert isinstance(found, AtMark)
    assert (found.mark, found.end, found.index, found.plus_ns) == (mark, end, index, plus_ns)


def test_a_pattern_is_an_instant() -> None:
    found = good(instant, "{exit: alice, plus: 2s}")
    assert isinstance(found, AtPattern)
    assert found.pattern.plus_ns == 2 * S  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text", ["45", "45 s + x", "outage + 5", "outage.start", "outage +", "'+ 5s'", "''", "1s..2s"]
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    bad(instant, text)


def test_a_window_on_the_run_is_read() -> None:
    both = good(during, "rebound + 3s .. rebound.end")
    assert both is not None
    assert isinstance(both.start, AtMark)
    assert isinstance(both.end, AtMark)
    assert (both.start.plus_ns, both.end.end) == (3 * S, True)
    open_end = good(during, "5s ..")
    assert open_end is not None
    assert (open_end.start, open_end.end) == (AtTime(5 * S), None)
    open_start = good(during, ".. all")
    assert open_start is not None
    assert open_start.start is None
    assert isinstance(open_start.end, AtMark)


def test_a_bare_mark_is_the_time_it_lasts() -> None:
    found = good(during, "outage-2")
    assert found is not None
    assert isinstance(found.start, AtMark)
    assert isinstance(found.end, AtMark)
    assert (found.start.index, found.start.end) == (2, False)
    assert (found.end.index, found.end.end) == (2, True)


@pytest.mark.parametrize("text", ["..", "5s", "outage.end", "outage + 5s", "x .. 5", "[a]", "''"])
def test_what_is_no_window_on_the_run_is_refused(text: str) -> None:
    bad(during, text)
