"""What is refused about hosts and the words that name them."""

from dataclasses import replace

import pytest
from nouns import (
    SECOND,
    claim,
    flow,
    host,
    output,
    place,
    plain,
    ref,
    refusal,
    refusals,
    rule,
    scenario,
    seconds,
    sending,
    sent,
    silent,
    step,
)

from harness.scenario.contract_terms import Alive, Heartbeat
from harness.scenario.contracts import expand
from harness.scenario.membership import entry_of, members
from harness.scenario.model import AtPattern, Cut, HostAction, Kind, Measure, Ready, Rebind, Stop
from harness.units import Range

SERVER = host("server")
CLIENT = host("client", count=3)
HOSTS = (SERVER, CLIENT)


def checked(pattern, hosts=HOSTS, **more):
    return refusal(hosts=hosts, checks=[claim(plain(pattern, **more))])


def accepted(pattern, hosts=HOSTS, **more):
    return refusals(hosts=hosts, checks=[claim(plain(pattern, **more))]) == []


def test_a_plain_scenario_is_accepted():
    assert refusals() == []


def test_a_scenario_needs_hosts():
    assert any(p.message == "a scenario without hosts" for p in refusals(hosts=(), checks=[]))


@pytest.mark.parametrize("name", ["Alice", "a.b", "-a", "a b", "é"])
def test_a_host_is_called_in_lower_case(name):
    problem = refusal(hosts=(SERVER, host("alice"), host(name)))
    assert problem.found == name
    assert "lower case" in problem.accepted


@pytest.mark.parametrize("name", ["any", "other", "self"])
def test_words_of_the_language_are_no_hosts(name):
    assert "meaning of its own" in refusal(hosts=(SERVER, host("alice"), host(name))).message


def test_a_host_cannot_be_called_like_a_member():
    problem = checked(sent("client -> server"), (*HOSTS, host("client-2")))
    assert "the group client has a member of this name" in problem.message
    assert accepted(sent("client -> server"), (*HOSTS, host("client-4")))


@pytest.mark.parametrize("count", [0, 1001])
def test_a_group_has_some_members(count):
    hosts = (SERVER, host("alice"), host("client", count=count))
    assert refusal(hosts=hosts).found == str(count)


@pytest.mark.parametrize(
    ("key", "more"),
    [
        ("ready", {"ready": Ready("started")}),
        ("stop", {"stop": Stop("INT")}),
        ("env", {"env": {"A": "1"}}),
        ("stdio", {"stdio": "tty"}),
        ("starts", {"starts": seconds(1)}),
    ],
)
def test_a_silent_host_takes_no_key_of_a_program(key, more):
    problem = refusal(hosts=(SERVER, host("alice"), silent("hole", **more)))
    assert problem.found == key
    assert "hole runs no program" in problem.message


def test_an_unknown_host_in_a_pattern_stands_at_the_pattern():
    problem = checked(sent("client -> sever", line=17))
    assert (problem.found, problem.nearest, problem.place.line) == ("sever", "server", 17)
    assert "server, client" in problem.accepted


def test_an_unknown_host_in_a_link_stands_at_the_rule():
    problem = refusal(links=[rule("any -> sever", line=33, delay_ns=1)])
    assert (problem.found, problem.place.line) == ("sever", 33)


def test_an_unknown_host_in_a_measure_is_found():
    part = plain(kind="measure", measure=Measure("loss", (flow("alic -> server"),)), bounds=1)
    assert refusal(checks=[claim(part)]).nearest == "alice"


@pytest.mark.parametrize(
    "action",
    [
        Cut((flow("alice -> sever"),)),
        HostAction("kill", ref("sever")),
        Rebind(ref("sever")),
        sending("pulse -> sever:9"),
    ],
)
def test_an_unknown_host_in_a_step_stands_at_the_step(action):
    problem = refusal(timeline=[step(action, line=44)])
    assert (problem.found, problem.nearest, problem.place.line) == ("sever", "server", 44)


def test_a_member_out_of_range_is_told_the_range():
    problem = checked(output("client-4"))
    assert (problem.found, problem.accepted) == ("client-4", "client-1 … client-3")
    assert accepted(output("client-3"))


def test_a_single_host_has_no_members():
    assert "no group" in checked(output("server-1")).accepted


def test_a_host_may_be_called_like_a_member_of_nothing():
    assert accepted(output("web-7"), (host("web-7"),))


def test_any_and_other_belong_to_groups():
    assert "server is no group" in checked(sent("any server -> client")).message
    assert "no other server" in checked(sent("other server -> client")).message
    assert accepted(sent("any client -> server"))


def test_other_needs_somebody_to_differ_from():
    problem = checked(output("other client", "gone"))
    assert "nothing here says which client" in problem.message
    assert accepted(output("other client-2", "lost client-2"))
    assert accepted(sent("client -> other client"))
    assert accepted(output("other client", "from $(client.name)"))


def test_other_in_a_link_and_a_step_needs_somebody_too():
    hosts = (SERVER, CLIENT, host("alice"))
    assert "nothing here" in refusal(hosts=hosts, links=[rule("other client -> server")]).message
    assert refusals(hosts=hosts, links=[rule("client -> other client")]) == []
    kill = HostAction("kill", ref("other client"))
    assert "nothing here" in refusal(hosts=hosts, timeline=[step(kill)]).message
    trigger = output("client", "leader")
    assert refusals(hosts=hosts, timeline=[step(kill, each=trigger)]) == []


@pytest.mark.parametrize("kind", [Kind.OUTPUT, Kind.STARTED, Kind.READY, Kind.EXIT, Kind.ENDED])
def test_a_silent_host_prints_and_ends_nothing(kind):
    problem = checked(output("pulse", kind=kind), (SERVER, silent("pulse")))
    assert (problem.found, problem.accepted) == (f"{kind}: pulse", "one of server")


def test_until_cannot_wait_for_a_silent_host():
    waiting = AtPattern(output("pulse", kind=Kind.EXIT, line=4))
    problem = refusal(until=waiting)
    assert problem.place.line == 4
    assert "pulse runs no program" in problem.message


@pytest.mark.parametrize("verb", ["stop", "kill", "pause"])
def test_a_silent_host_cannot_be_stopped(verb):
    problem = refusal(timeline=[step(HostAction(verb, ref("pulse")))])
    assert problem.found == f"{verb}: pulse"


def test_members_of_words():
    hosts = scenario(hosts=(*HOSTS, host("web-7"))).hosts
    assert members(ref("any"), hosts) == ("server", "client-1", "client-2", "client-3", "web-7")
    assert members(ref("client"), hosts) == ("client-1", "client-2", "client-3")
    assert members(ref("client-2"), hosts) == ("client-2",)
    assert members(ref("other client-2"), hosts) == ("client-1", "client-3")
    assert members(ref("web-7"), hosts) == ("web-7",)
    assert members(ref("client-9"), hosts) == ()
    assert entry_of("client-1", hosts) is hosts["client"]
    assert entry_of("client-0", hosts) is None


def test_a_heartbeat_may_come_from_a_silent_host():
    expired = output("server", "expired $(pulse)", line=13)
    terms = Heartbeat((flow("pulse -> server"),), Range(0, SECOND), expired, every=Range(0, SECOND))
    parts = expand(terms, count=None, place=place(12), text="a heartbeat")
    assert refusals(checks=[claim(*parts, contract="heartbeat")]) == []
    gone = replace(terms, expired=output("pulse", "gone", line=13))
    bad = expand(gone, count=None, place=place(12), text="a heartbeat")
    assert refusal(checks=[claim(*bad, contract="heartbeat")]).place.line == 13


def test_a_silent_host_is_not_alive():
    parts = expand(Alive(ref("pulse")), count=None, place=place(12), text="alive: pulse")
    found = refusals(checks=[claim(*parts, contract="alive")])
    assert {problem.message for problem in found} == {"pulse runs no program"}
