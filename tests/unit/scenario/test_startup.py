"""Who starts before zero, and in which order."""

from nouns import host, scenario, seconds, silent

from harness.scenario.startup import awaits, names_in, served_ports, start_order


def order(*hosts):
    return start_order(scenario(hosts=hosts))


def test_named_hosts_start_first_and_the_others_at_zero():
    client = host("client", "c $(server:9999)", count=2)
    assert order(client, host("server", "s $(self:9999)")) == (
        ("server",),
        ("client-1", "client-2"),
    )


def test_a_host_starts_after_those_that_it_names():
    chain = (
        host("client", "c $(proxy:1)"),
        host("proxy", "p $(self:1) $(origin:2)"),
        host("origin", "o $(self:2)"),
    )
    assert order(*chain) == (("origin", "proxy"), ("client",))


def test_a_circle_and_what_waits_for_it_start_at_zero():
    hosts = (
        host("a", "x $(b:1)"),
        host("b", "x $(a:1)"),
        host("waits", "x $(a:1)"),
        host("last", "x $(waits:3)"),
        host("free", "x $(self:4)"),
        host("asks", "x $(free:4)"),
    )
    assert order(*hosts) == (("free",), ("a", "b", "waits", "last", "asks"))


def test_names_in_the_environment_count():
    named = host("client", "c", env={"SERVER": "$(server:9999.host)"})
    assert order(named, host("server")) == (("server",), ("client",))


def test_silent_hosts_and_late_ones_are_waited_for_by_nobody():
    hosts = (
        silent("hole"),
        host("late", "x $(self:5)", starts=seconds(5)),
        host("client", "c $(hole:1) $(late:5)"),
    )
    assert order(*hosts) == ((), ("client",))


def test_members_that_name_one_another():
    peers = host("peer", "p $(peer-1:5) $(self:5)", count=3)
    assert order(peers) == (("peer-1",), ("peer-2", "peer-3"))


def test_awaits_and_served_ports_name_host_and_port_once():
    hosts = (
        host("server", "s $(self:9)"),
        host("client", "c $(server:9) $(server) $(server:9.host) $(server:7)"),
    )
    there = scenario(hosts=hosts)
    assert awaits(there) == {
        "server": (),
        "client": (("server", 9), ("server", None), ("server", 7)),
    }
    assert served_ports(there) == {"server": (7, 9), "client": ()}
    assert [str(name) for name in names_in(hosts[0])] == ["$(self:9)"]


def test_a_late_host_is_still_ready_with_the_ports_that_others_name():
    hosts = (host("late", "x $(self:5)", starts=seconds(5)), host("client", "c $(late:5)"))
    assert served_ports(scenario(hosts=hosts))["late"] == (5,)
