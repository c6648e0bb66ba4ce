"""Which link rule wins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nouns import flow, host, rule

from harness.scenario.specificity import (
    covers,
    directed,
    effective,
    matches,
    more_specific,
    overlaps,
)

HOSTS = {h.name: h for h in (host("server"), host("client", count=3), host("solo", count=1))}


@pytest.mark.parametrize(
    ("narrow", "broad"),
    [
        ("client -> any", "any -> any"),
        ("client-2 -> any", "client -> any"),
        ("client -> server:9", "client -> server"),
        ("any:9 -> any", "any -> any"),
        ("client-1:5 -> server", "client -> server"),
        ("solo-1 -> server", "solo -> server"),
        ("any -> 224.0.0.1", "any -> any"),
        ("other client-2 -> server", "client -> server"),
        ("client-1 -> server", "other client-2 -> server"),
    ],
)
def test_the_narrower_flow_wins(narrow, broad):
    assert more_specific(flow(narrow), flow(broad), HOSTS)
    assert not more_specific(flow(broad), flow(narrow), HOSTS)


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("client -> any", "any -> server"),
        ("any:9 -> any", "client -> any"),
        ("client -> server", "client -> server"),
        ("client -> client", "client -> other client"),
        ("client-1 -> server", "client-2 -> server"),
        ("client-2 -> server", "other client-2 -> server"),
        ("server:1 -> any", "server:2 -> any"),
    ],
)
def test_of_some_flows_neither_wins(one, another):
    assert not more_specific(flow(one), flow(another), HOSTS)
    assert not more_specific(flow(another), flow(one), HOSTS)


def test_without_hosts_a_member_is_still_narrower_than_its_group():
    assert more_specific(flow("client-1 -> any"), flow("client -> any"))
    assert not more_specific(flow("client -> any"), flow("server -> any"))


ENDS = st.sampled_from(
    ["any", "server", "client", "client-1", "client-2", "other client-1", "solo", "solo-1",
     "any:9", "server:9", "client:9", "client-1:9", "224.0.0.1:9", "any client"]
)  # fmt: skip
FLOWS = st.builds(lambda a, b: flow(f"{a} -> {b}"), ENDS, ENDS)


@given(FLOWS, FLOWS)
def test_specificity_is_asymmetric_and_irreflexive(a, b):
    assert not more_specific(a, a, HOSTS)
    assert not (more_specific(a, b, HOSTS) and more_specific(b, a, HOSTS))


@given(FLOWS, FLOWS, FLOWS)
def test_specificity_is_transitive(a, b, c):
    if more_specific(a, b, HOSTS) and more_specific(b, c, HOSTS):
        assert more_specific(a, c, HOSTS)


@given(FLOWS, FLOWS, FLOWS)
def test_covering_is_transitive(a, b, c):
    if covers(a, b, HOSTS) and covers(b, c, HOSTS):
        assert covers(a, c, HOSTS)


PORTS = st.sampled_from([9, 10])
SINGLES = st.sampled_from(["server", "client-1", "client-2", "client-3", "solo-1"])


@given(FLOWS, FLOWS, SINGLES, SINGLES, PORTS, PORTS)
def test_flows_that_share_a_datagram_overlap(a, b, source, target, sport, dport):
    both = all(matches(each, source, target, sport, dport, HOSTS) for each in (a, b))
    assert not both or overlaps(a, b, HOSTS)


@given(FLOWS, FLOWS, SINGLES, SINGLES, PORTS, PORTS)
def test_what_a_flow_takes_in_the_flows_that_cover_it_take_in_too(a, b, source, target, sp, dp):
    if covers(a, b, HOSTS) and matches(b, source, target, sp, dp, HOSTS):
        assert matches(a, source, target, sp, dp, HOSTS)


def test_flows_between_different_hosts_do_not_overlap():
    assert not overlaps(flow("client -> server"), flow("solo -> server"), HOSTS)
    assert not overlaps(flow("any -> server:1"), flow("any -> server:2"), HOSTS)
    assert not overlaps(flow("any -> 224.0.0.1"), flow("any -> server"), HOSTS)


def test_other_leaves_out_the_member_itself():
    further = flow("client -> other client")
    assert matches(further, "client-1", "client-2", 1, 2, HOSTS)
    assert not matches(further, "client-1", "client-1", 1, 2, HOSTS)


def test_both_directions_are_on_a_double_arrow():
    both = flow("client <-> server:9")
    assert matches(both, "client-1", "server", 5, 9, HOSTS)
    assert matches(both, "server", "client-1", 9, 5, HOSTS)
    assert not matches(both, "server", "client-1", 5, 9, HOSTS)
    assert [str(way) for way in directed(both)] == ["client -> server:9", "server:9 -> client"]


def test_the_link_is_merged_field_by_field_whatever_the_order():
    rules = (
        rule("client-1 -> server", jitter_ns=1),
        rule("any -> any", delay_ns=20, jitter_ns=10, limit=5),
        rule("client -> server", delay_ns=30),
        rule("solo -> server", delay_ns=99),
    )
    fields, met = effective(rules, "client-1", "server", 5, 9, HOSTS)
    assert (fields.delay_ns, fields.jitter_ns, fields.limit, fields.loss) == (30, 1, 5, None)
    assert met == (0, 1, 2)
    backwards, _ = effective(rules[::-1], "client-1", "server", 5, 9, HOSTS)
    assert backwards == fields


def test_the_way_back_of_a_double_arrow_is_met_too():
    rules = (rule("server:9 <-> client", delay_ns=7),)
    fields, met = effective(rules, "client-2", "server", 5, 9, HOSTS)
    assert (fields.delay_ns, met) == (7, (0,))


def test_where_no_rule_speaks_nothing_is_set():
    fields, met = effective((rule("any -> server:9", delay_ns=7),), "server", "solo-1", 9, 5, HOSTS)
    assert (fields.delay_ns, met) == (None, ())
