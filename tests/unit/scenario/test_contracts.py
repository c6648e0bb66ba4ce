"""Contracts spelled out: exactly the plain checks of the language's section 9, in its notation."""

from __future__ import annotations

from harness.errors import Place
from harness.scenario.contract_terms import Alive, Delivery, Heartbeat, Terms, Timeout
from harness.scenario.contracts import expand
from harness.scenario.model import End, Flow, HostRef, Kind, Single
from harness.scenario.notation import show_plain
from harness.units import Range

PLACE = Place("case.yaml", 3, 5)
SECOND = 1_000_000_000
BEAT = (Flow(End(HostRef("alice")), End(HostRef("server"))),)


def says(text: str, host: str = "server") -> Single:
    return Single(Kind.OUTPUT, PLACE, host=HostRef(host), says=text)


def shown(terms: Terms, count: Range | None = None) -> list[str]:
    parts = expand(terms, count=count, place=PLACE, text="as written")
    assert {(part.place, part.text) for part in parts} == {(PLACE, "as written")}
    return [show_plain(part) for part in parts]


def test_heartbeat_in_full():
    terms = Heartbeat(
        BEAT,
        Range(10 * SECOND, 11 * SECOND),
        says("expired"),
        says="BEAT",
        every=Range(2 * SECOND, 2 * SECOND),
        returns=Range(0, SECOND),
        returned=says("joined"),
    )
    arrived = "{delivered: alice -> server, says: BEAT}"
    beat = "{sent: alice -> server, says: BEAT}"
    gone = "{output: server, says: expired}"
    assert shown(terms) == [
        (
            f"{{whenever: {arrived}, expect: {gone}, within: 10s .. 11s, "
            f"unless: {{either: [{arrived}, {{ended: server}}]}}}}"
        ),
        f"{{expect: {gone}, count: 1 ..}}",
        f"{{whenever: {gone}, never: {gone}, unless: {arrived}}}",
        f"{{whenever: {beat}, expect: {beat}, within: 2s .. 2s, unless: {{ended: alice}}}}",
        (
            f"{{whenever: [{gone}, {arrived}], expect: {{output: server, says: joined}}, "
            "within: 0s .. 1s, unless: {ended: server}}"
        ),
    ]


def test_heartbeat_count_bounds_the_expiries():
    terms = Heartbeat(BEAT, Range(10 * SECOND, 11 * SECOND), says("expired"))
    assert shown(terms, Range(0, 0))[1] == "{expect: {output: server, says: expired}, count: 0}"
    assert len(shown(terms)) == 3


def test_timeout_in_full():
    terms = Timeout(
        Single(Kind.SENT, PLACE, flows=BEAT),
        (Range(2 * SECOND, 3 * SECOND), Range(4 * SECOND, 5 * SECOND)),
        answered=says("yes", "alice"),
        gave_up=says("no", "alice"),
    )
    yes, no = "{output: alice, says: yes}", "{output: alice, says: no}"
    tries = [f"{{sent: alice -> server, nth: {nth}}}" for nth in (1, 2, 3)]
    assert shown(terms) == [
        f"{{whenever: {tries[0]}, expect: {tries[1]}, within: 2s .. 3s, unless: {yes}}}",
        f"{{whenever: {tries[1]}, expect: {no}, within: 4s .. 5s, unless: {yes}}}",
        f"{{expect: {tries[0]}}}",
        f"{{never: {tries[2]}}}",
        f"{{whenever: [{tries[0]}, {yes}], never: {{sent: alice -> server}}}}",
        f"{{expect: [{tries[0]}, {no}], count: 1 ..}}",
    ]


def test_timeout_without_what_is_optional():
    terms = Timeout(Single(Kind.SENT, PLACE, flows=BEAT), (Range(SECOND, SECOND),))
    assert shown(terms) == [
        "{expect: {sent: alice -> server, nth: 1}}",
        "{never: {sent: alice -> server, nth: 2}}",
    ]


def test_delivery_in_full():
    terms = Delivery(
        says(r"got (?P<id>\d+)"),
        "exactly once",
        offered=says(r"put (?P<id>\d+)", "alice"),
        in_order=True,
        takes=Range(0, SECOND),
    )
    put = r"{output: alice, says: 'put (?P<id>\d+)'}"
    got = r"{output: server, says: 'got (?P<id>\d+)'}"
    assert shown(terms) == [
        f"{{each: {put}, expect: {got}, count: 1}}",
        f"{{each: {put}, expect: {got}, within: 0s .. 1s}}",
        f"{{whenever: {got}, expect: {put}, within: .. 0s}}",
        f"{{measure: {{reordering: {got}}}, is: 0%}}",
    ]


def test_delivery_of_numbers():
    terms = Delivery(says(r"got (?P<id>\d+)"), "at most once", ids=Range(1, 9))
    parts = expand(terms, count=None, place=PLACE, text="")
    assert [(part.kind, part.ids, part.outside_ids, part.count) for part in parts] == [
        ("expect", Range(1, 9), None, Range(None, 1)),
        ("never", None, Range(1, 9), None),
    ]


def test_alive():
    crash = "'Exception in (thread|callback)|panicked at|Sanitizer:'"
    assert shown(Alive(HostRef("server"))) == [
        "{never: {exit: server}}",
        f"{{never: {{output: server, says: {crash}, stream: stderr}}}}",
    ]
