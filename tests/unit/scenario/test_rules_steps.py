"""What is refused about single steps."""

import pytest
from nouns import (
    SECOND,
    flow,
    host,
    output,
    ref,
    refusal,
    refusals,
    seconds,
    sending,
    sent,
    silent,
    step,
)

from harness.scenario.model import (
    AtPattern,
    Cut,
    LinkChange,
    PayloadPart,
    Rebind,
    Sequence,
)
from harness.units import Range

CUT = Cut((flow("alice -> server"),))
COPY = PayloadPart("copy", copy=Range(0, None))
TRIGGER = sent("alice -> server")
HEARD = sent("alice -> pulse")


@pytest.mark.parametrize(
    ("more", "message", "found"),
    [
        ({"each": TRIGGER, "every_ns": SECOND}, "every beside each", "every"),
        ({"every_ns": SECOND}, "every without times", "every"),
        ({"times": 3}, "times without every or each", "times"),
        ({"each": TRIGGER, "times": 0}, "no such number of times", "0"),
        ({"every_ns": 0, "times": 2}, "every takes no time", "every"),
        ({"lasts_ns": SECOND, "until": seconds(3)}, "for beside until", "until"),
        ({"lasts_ns": 0}, "for lasts no time", "0s"),
    ],
)
def test_how_often_and_how_long(more, message, found):
    problem = refusal(timeline=[step(CUT, line=31, **more)])
    assert (problem.message, problem.found, problem.place.line) == (message, found, 31)
    assert problem.accepted


@pytest.mark.parametrize(
    "more",
    [
        {"each": TRIGGER, "times": 3},
        {"each": TRIGGER},
        {"every_ns": SECOND, "times": 3},
        {"lasts_ns": SECOND},
        {"until": AtPattern(TRIGGER)},
    ],
)
def test_steps_that_are_in_order(more):
    assert refusals(timeline=[step(CUT, **more)]) == []


@pytest.mark.parametrize("more", [{"lasts_ns": SECOND}, {"until": seconds(3)}])
def test_what_cannot_be_undone_has_no_end(more):
    rebound = refusal(timeline=[step(Rebind(ref("alice")), **more)])
    assert rebound.message == "rebind cannot be undone"
    assert refusal(timeline=[step(sending("pulse -> server:9"), **more)]).message.startswith("send")
    assert "without an action" in refusal(timeline=[step(mark="m", **more)]).message


def test_a_step_does_something():
    assert "does nothing" in refusal(timeline=[step()]).message
    assert refusals(timeline=[step(mark="m")]) == []
    assert refusal(timeline=[step(LinkChange(()))]).message == "links without a rule"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("alice -> server:9", "alice runs a program"),
        ("any -> server:9", "send comes from a host"),
        ("192.0.2.1 -> server:9", "send comes from a host"),
        ("pulse <-> server:9", "send goes one way"),
        ("pulse -> any", "send goes to a host"),
    ],
)
def test_who_sends_to_whom(text, message):
    problem = refusal(timeline=[step(sending(text))])
    assert message in problem.message
    assert "pulse" in problem.accepted or "name of a host" in problem.accepted


@pytest.mark.parametrize(
    "text", ["pulse -> server:9", "pulse -> server", "pulse -> 224.0.0.1:5353", "crowd -> server:9"]
)
def test_a_silent_host_sends_anywhere(text):
    hosts = (host("server"), host("alice"), silent("pulse"), silent("crowd", count=2))
    assert refusals(hosts=hosts, timeline=[step(sending(text))]) == []


def copying(text="pulse -> server:9", of=None, **more):
    return refusals(timeline=[step(sending(text, COPY, of=of), **more)])


def test_copy_takes_what_the_sender_sends_or_receives():
    assert copying(each=HEARD) == []
    assert copying(of=HEARD) == []
    assert copying(at=AtPattern(HEARD)) == []
    assert copying(of=Sequence((TRIGGER, HEARD), TRIGGER.place)) == []


def test_copy_of_what_passes_elsewhere_is_refused():
    (problem,) = copying(each=TRIGGER)
    assert problem.message == "pulse does not see what copy takes"
    assert problem.found == "alice -> server"
    assert problem.accepted == "a flow that begins or ends at pulse"
    assert copying(of=sent("any -> any"))[0].message == problem.message


def test_copy_takes_a_datagram():
    assert copying()[0].message == "nothing says which datagram copy takes"
    (problem,) = copying(each=output("alice", "x"))
    assert problem.message == "output is no datagram to copy"


def test_of_is_for_copy():
    action = sending("pulse -> server:9", of=HEARD)
    assert "nothing is copied" in refusal(timeline=[step(action)]).message


def test_a_payload_fits_into_a_datagram():
    large = sending("pulse -> server:9", PayloadPart("random", size_bytes=65_508))
    assert refusal(timeline=[step(large)]).found == "65508B"
    fits = sending("pulse -> server:9", PayloadPart("random", size_bytes=65_507))
    assert refusals(timeline=[step(fits)]) == []
