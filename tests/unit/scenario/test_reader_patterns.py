import pytest
from nodes import bad, good, read

from harness.scenario.agreements import alive, delivery, heartbeat, timeout
from harness.scenario.measures import measure
from harness.scenario.model import Either, HostRef, Kind, Sequence, Single
from harness.scenario.patterns import pattern
from harness.units import Range

S = 1_000_000_000


def single(text: str) -> Single:
    found = good(pattern, text)
    assert isinstance(found, Single)
    return found


def test_a_pattern_over_datagrams_is_read() -> None:
    found = single("{delivered: alice -> server, says: ^ping, hex: 12 xx, size: .. 9B, nth: 3}")
    assert found.kind is Kind.DELIVERED
    assert [str(flow) for flow in found.flows] == ["alice -> server"]
    assert (found.says, found.hex, found.size) == ("^ping", (0x12, None), Range(None, 9))
    assert (found.nth, found.host, found.plus_ns) == (3, None, 0)


def test_a_pattern_over_output_is_read() -> None:
    found = single("{output: any client, says: 'x, y', stream: stderr, nth: last, plus: 2s}")
    assert (found.kind, str(found.host), found.stream) == (Kind.OUTPUT, "any client", "stderr")
    assert (found.says, found.nth, found.plus_ns, found.flows) == ("x, y", -1, 2 * S, ())


@pytest.mark.parametrize(
    "reason",
    ["loss", "cut", "queue", "mtu", "corrupt", "nobody", "buffer", "nat", "fragment", "ttl"],
)
def test_every_reason_of_a_drop_can_be_asked_for(reason: str) -> None:
    assert single(f"{{dropped: any -> server, reason: {reason}}}").reason == reason


def test_code_is_a_range_of_exit_codes_or_an_icmp_error() -> None:
    assert single("{exit: alice, code: 1 ..}").code == Range(1, None)
    assert single("{ended: alice, code: 143}").code == Range(143, 143)
    assert single("{icmp: any -> alice, code: port-unreachable}").code == "port-unreachable"
    assert bad(pattern, "{icmp: any -> alice, code: 3}").found == "3"
    assert bad(pattern, "{exit: alice, code: port-unreachable}").found == "port-unreachable"


@pytest.mark.parametrize("kind", ["started", "ready", "exit", "ended", "output"])
def test_patterns_over_hosts_are_read(kind: str) -> None:
    assert single(f"{{{kind}: client-2}}").host == HostRef("client", 2)


def test_either_and_sequences_nest() -> None:
    found = good(pattern, "[{either: [{exit: alice}, {output: alice}], nth: 2}, {exit: server}]")
    assert isinstance(found, Sequence)
    first, second = found.patterns
    assert isinstance(first, Either)
    assert (len(first.patterns), first.nth) == (2, 2)
    assert isinstance(second, Single)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("alice", "text where a pattern belongs"),
        ("{says: x}", "no kind"),
        ("{output: alice, exit: alice}", "several kinds"),
        ("{output: alice, reason: loss}", "does not go with"),
        ("{started: alice, says: x}", "does not go with"),
        ("{sent: alice -> server, code: 1}", "does not go with"),
        ("{sent: alice -> server, as: server}", "unknown key"),
        ("{outptu: alice}", "unknown key"),
        ("{output: alice, stream: stdin}", "no word that belongs here"),
        ("{output: alice, nth: 0}", "out of bounds"),
        ("{output: alice, nth: first}", "not a whole number"),
        ("{exit: alice, plus: -1s}", "negative"),
        ("[{exit: alice}]", "a sequence of 1"),
        ("[]", "a sequence of 0"),
        ("{either: {exit: alice}}", "where a list belongs"),
        ("{either: []}", "empty list"),
        ("{output: [alice, server]}", "a list where one value belongs"),
    ],
)
def test_what_is_no_pattern_is_refused(text: str, word: str) -> None:
    assert word in bad(pattern, text).message


def test_an_unknown_key_is_told_with_the_nearest_one() -> None:
    problem = bad(pattern, "{outptu: alice}")
    assert problem.nearest == "output"
    assert "delivered" in problem.accepted
    assert (problem.place.line, problem.place.column) == (1, 9)


def test_all_mistakes_of_a_pattern_are_found() -> None:
    _, problems = read(pattern, "{output: Alice, says: '(', stream: x, nth: 0, plus: 5}")
    assert len(problems) == 5


def test_a_heartbeat_is_read() -> None:
    terms = good(
        heartbeat,
        "{beat: alice -> server, says: ^HB, expires: 10s .. 11s, expired: {output: server},"
        " every: 2s, returns: 100ms, returned: {output: server, says: joined}}",
    )
    assert terms is not None
    assert (terms.expires, terms.every) == (Range(10 * S, 11 * S), Range(2 * S, 2 * S))
    assert terms.returns == Range(0, S // 10)
    assert terms.says == "^HB"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{beat: alice -> server, expired: {output: server}}", "lacks `expires`"),
        ("{beat: a -> b, expires: 1s, expired: {output: b}, returns: 1s}", "without `returned`"),
        ("{beat: a -> b, expires: 1s, expired: {output: b}, within: 1s}", "unknown key"),
        ("{beat: a -> b, expires: 10, expired: {output: b}}", "lacks its unit"),
        ("alice -> server", "text where a mapping belongs"),
    ],
)
def test_what_is_no_heartbeat_is_refused(text: str, word: str) -> None:
    assert word in bad(heartbeat, text).message


def test_a_wait_of_one_value_may_be_missed_by_the_slack() -> None:
    text = "{try: {sent: alice -> server}, waits: [2s, 4s .. 5s], gave_up: {exit: alice}}"
    terms = good(timeout, text)
    assert terms is not None
    assert terms.waits == (Range(2 * S, 2 * S + S // 10), Range(4 * S, 5 * S))
    with_slack = good(timeout, "{try: {sent: alice -> server}, waits: [2s], slack: 1s}")
    assert with_slack is not None
    assert (with_slack.waits, with_slack.slack_ns) == ((Range(2 * S, 3 * S),), S)
    bad(timeout, "{try: {sent: alice -> server}, waits: []}")
    bad(timeout, "{try: {sent: alice -> server}, waits: [2]}")


@pytest.mark.parametrize("order", ["", " in order"])
@pytest.mark.parametrize("often", ["exactly once", "at least once", "at most once"])
def test_every_promise_is_read(often: str, order: str) -> None:
    text = f"{{ids: 1 .. 9, taken: {{output: server}}, promise: {often}{order}}}"
    terms = good(delivery, text)
    assert terms is not None
    assert (terms.promise, terms.in_order, terms.ids) == (often, bool(order), Range(1, 9))


@pytest.mark.parametrize(
    "text",
    [
        "{taken: {output: server}, promise: exactly once}",
        "{ids: 1 .. 9, offered: {exit: alice}, taken: {output: server}, promise: exactly once}",
        "{ids: 1 .. 9, taken: {output: server}, promise: twice}",
        "{ids: 1 .., taken: {output: server}, promise: exactly once}",
        "{ids: 0 .. 99999999, taken: {output: server}, promise: exactly once}",
    ],
)
def test_what_is_no_delivery_is_refused(text: str) -> None:
    bad(delivery, text)


def test_alive_names_a_host() -> None:
    terms = good(alive, "client")
    assert terms is not None
    assert terms.host == HostRef("client")


@pytest.mark.parametrize(
    "text",
    [
        "{loss: alice -> server}",
        "{duplicates: alice -> server}",
        "{reordering: alice -> server}",
        "{reordering: [alice -> server, server -> alice]}",
        "{reordering: {output: server, says: '(?P<id>x)'}}",
        "{share: {output: server}, per: {sent: alice -> server}}",
        "{latency: alice -> server, quantile: 99%}",
        "{time: {output: server}, to: {exit: alice}, quantile: 95%}",
        "{jitter: alice -> server}",
        "{goodput: alice -> server}",
        "{value: {output: server}}",
    ],
)
def test_every_measure_is_read(text: str) -> None:
    found = good(measure, text)
    assert found is not None
    assert (found.pattern is None) != (found.flows == ())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{bytes: alice -> server, per: alice -> server}", "unknown key"),
        ("{memory: alice}", "unknown key"),
        ("{loss: alice -> server, quantile: 5%}", "does not go with"),
        ("{loss: alice -> server, jitter: alice -> server}", "several measures"),
        ("{share: {output: server}}", "lacks `per`"),
        ("{time: {output: server}}", "lacks `to`"),
        ("{latency: alice -> server, quantile: 0.5}", "lacks its unit"),
        ("loss", "where a mapping belongs"),
    ],
)
def test_what_is_no_measure_is_refused(text: str, word: str) -> None:
    assert word in bad(measure, text).message
