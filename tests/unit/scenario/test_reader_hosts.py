from fractions import Fraction
from pathlib import Path

import pytest
from nodes import bad, good, read

from harness.scenario.document import Node
from harness.scenario.hosts import hosts
from harness.scenario.links import laid_over, links
from harness.scenario.model import (
    LINK_FIELDS,
    AtTime,
    GilbertElliott,
    Host,
    LinkFields,
    PacketList,
    Ready,
    Stop,
)
from harness.scenario.profiles import PROFILES
from harness.scenario.reading import Reading
from harness.units import Range

S = 1_000_000_000


def host(text: str, folder: Path = Path()) -> Host:
    return good(hosts, f"{{alice: {text}}}", folder)["alice"]


def test_a_host_without_run_is_silent() -> None:
    assert host("{}").silent
    assert host("{}").stop == Stop("TERM", 5 * S)
    assert host("{}").ready == Ready("ports", within_ns=10 * S)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("python server.py $(self:9999) --expire 10",
         ("python", "server.py", "$(self:9999)", "--expire", "10")),
        ("'sh -c \"echo $(other client.name) x\"'", ("sh", "-c", "echo $(other client.name) x")),
        ("show $(other client)", ("show", "$(other client)")),
        ("[echo, a b, '']", ("echo", "a b", "")),
        ("sh -c 'a  b'", ("sh", "-c", "a  b")),
    ],
)  # fmt: skip
def test_a_command_is_split_like_words_of_a_shell(text: str, words: tuple[str, ...]) -> None:
    assert host(f"{{run: {text}}}").run == words


def test_a_host_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    found = host(
        "{run: x, count: 3, env: {A: '1', B: ''}, cwd: work, stdio: tty, starts: 5s,"
        " ready: {says: ^up, within: 3s}, stop: {signal: INT, grace: 1s}}",
        tmp_path,
    )
    assert found.members == ("alice-1", "alice-2", "alice-3")
    assert (found.env, found.stdio) == ({"A": "1", "B": ""}, "tty")
    assert found.cwd == str(tmp_path / "work")
    assert found.ready == Ready("says", says="^up", within_ns=3 * S)
    assert (found.stop, found.starts) == (Stop("INT", S), AtTime(5 * S))


def test_the_working_directory_is_the_files_folder(tmp_path: Path) -> None:
    assert host("{run: x}", tmp_path).cwd == str(tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("started", Ready("started")),
        ("{port: 9999}", Ready("port", 9999)),
        ("{within: 1s}", Ready("ports", within_ns=S)),
    ],
)
def test_ready_is_read(text: str, expected: Ready) -> None:
    assert host(f"{{run: x, ready: {text}}}").ready == expected


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("x", "text where a mapping belongs"),
        ("{runs: x}", "unknown key"),
        ("{sees: alice -> server}", "unknown key"),
        ("{run: 'sh -c \"x'}", "cannot be split"),
        ("{run: ''}", "missing"),
        ("{run: []}", "empty list"),
        ("{run: [[x]]}", "a list where one value belongs"),
        ("{run: x, count: 0}", "out of bounds"),
        ("{run: x, count: 1000000000000}", "out of bounds"),
        ("{run: x, count: many}", "not a whole number"),
        ("{run: x, env: {A: [b]}}", "a variable is text"),
        ("{run: x, env: {'A=B': c}}", "no name of a variable"),
        ("{run: x, env: A}", "where a mapping belongs"),
        ("{run: x, cwd: absent}", "no such folder"),
        ("{run: x, stdio: pty}", "no word that belongs here"),
        ("{run: x, ready: soon}", "no word that belongs here"),
        ("{run: x, ready: {port: 1, says: y}}", "by says and by port"),
        ("{run: x, ready: {within: 0s}}", "nothing"),
        ("{run: x, stop: TERM}", "where a mapping belongs"),
        ("{run: x, stop: {signal: SIGINT}}", "no word that belongs here"),
        ("{run: x, starts: soon-ish + 2}", "lacks its unit"),
    ],
)
def test_what_is_no_host_is_refused(text: str, word: str, tmp_path: Path) -> None:
    assert word in bad(hosts, f"{{alice: {text}}}", tmp_path).message


def test_a_host_whose_command_is_wrong_is_not_taken_for_a_silent_one() -> None:
    found, problems = read(hosts, "{alice: {run: 'a \"b'}}")
    assert len(problems) == 1
    assert not found["alice"].silent


def fields(text: str) -> LinkFields:
    (rule,) = good(links, f"{{alice -> server: {text}}}")
    return rule.fields


def test_every_field_of_a_link_is_read() -> None:
    assert fields(
        "{delay: 20ms, jitter: 5ms, loss: 5%, duplicate: 1%, reorder: 2%, gap: 5, corrupt: 3%,"
        " flip: 4%, rate: 2Mbit/s, limit: 100, mtu: 1500B}"
    ) == LinkFields(
        20_000_000, 5_000_000, Fraction(1, 20), Fraction(1, 100), Fraction(1, 50), 5,
        Fraction(3, 100), Fraction(1, 25), 2_000_000, 100, 1500,
    )  # fmt: skip


def test_what_a_rule_does_not_name_it_does_not_set() -> None:
    named = fields("{jitter: 0ms}")
    assert named.jitter_ns == 0
    assert [name for name in LINK_FIELDS if getattr(named, name) is not None] == ["jitter_ns"]


def test_loss_is_a_share_a_list_or_two_states() -> None:
    assert fields("{loss: 0%}").loss == 0
    packets = fields("{loss: {packets: [3, 8 .. 10, 17 ..]}}").loss
    assert packets == PacketList((Range(3, 3), Range(8, 10), Range(17, None)))
    states = fields("{loss: {enter: 1%, leave: 25%, bad: 80%, good: 0.1%}}").loss
    percent = Fraction(1, 100)
    assert states == GilbertElliott(percent, 25 * percent, 80 * percent, percent / 10)
    assert fields("{loss: {enter: 1%, leave: 25%}}").loss == GilbertElliott(percent, 25 * percent)


def test_a_bare_name_is_a_profile_and_other_keys_override_it() -> None:
    profile = PROFILES["lte"].fields
    assert fields("lte") == profile
    over = fields("{profile: lte, delay: 1ms}")
    assert over == laid_over(profile, LinkFields(delay_ns=1_000_000))
    assert (over.delay_ns, over.rate_bps) == (1_000_000, profile.rate_bps)


def test_every_profile_says_where_it_comes_from() -> None:
    for name, profile in PROFILES.items():
        assert profile.source, name
        assert profile.fields != LinkFields(), name


def test_a_rule_knows_its_flow_and_place() -> None:
    first, second = good(links, "{any  ->  any: {loss: 1%}, 'alice -> 224.0.0.251:5353': 4g}")
    assert (first.text, second.text) == ("any -> any", "alice -> 224.0.0.251:5353")
    assert (second.profile, second.place.column) == ("4g", 35)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("wife", "no word that belongs here"),
        ("{profile: wife}", "no word that belongs here"),
        ("{dealy: 20ms}", "unknown key"),
        ("{distribution: normal}", "unknown key"),
        ("{netem: delay 5ms}", "unknown key"),
        ("{trace: up.csv, delay: 1ms}", "unknown key"),
        ("{delay: 20}", "lacks its unit"),
        ("{loss: 0.05}", "lacks its unit"),
        ("{loss: [1%]}", "a list where a loss belongs"),
        ("{loss: {packets: []}}", "empty list"),
        ("{loss: {packets: [0]}}", "out of bounds"),
        ("{loss: {packets: {a: b}}}", "a mapping where positions belong"),
        ("{loss: {packets: [1], enter: 1%}}", "unknown key"),
        ("{loss: {enter: 1%}}", "lacks `leave`"),
        ("{loss: {}}", "lacks `enter`"),
        ("{mtu: 67B}", "no IP packet is so small"),
        ("{mtu: 1500}", "lacks its unit"),
        ("{rate: 0Mbit/s}", "nothing"),
        ("{limit: 0}", "out of bounds"),
        ("{gap: 0}", "out of bounds"),
        ("[x]", "a list where a mapping belongs"),
    ],
)
def test_what_is_no_link_is_refused(text: str, word: str) -> None:
    assert word in bad(links, f"{{alice -> server: {text}}}").message


def test_both_sides_of_a_rule_are_judged() -> None:
    def rules(reading: Reading, piece: Node) -> object:
        return links(reading, piece)

    found, problems = read(rules, "{alice: {delay: 20}, alice -> server: {loss: 1%}}")
    assert len(problems) == 2
    assert len(found) == 1  # type: ignore[arg-type]
