"""Patterns against single events and whole runs: flows, texts, names, positions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from traces import (
    PLACE,
    Story,
    about,
    datagram,
    delivered,
    dropped,
    end,
    flow,
    ns,
    output,
    scenario,
    sent,
)

from harness.checks.matches import Finder
from harness.checks.matching import Directory, compile_pattern
from harness.checks.spelling import spelled
from harness.scenario.model import Either, Flow, Kind, Sequence, Single
from harness.trace.events import Icmp
from harness.units import Range

SCENARIO = scenario(peers=3)


def found(pattern, story: Story, **binding: str) -> list[int]:
    """The numbers of the matching events, offline; a running lab must see the same."""
    matches = Finder(story.index(SCENARIO)).find(pattern, binding)
    numbers = [match.n for match in matches]
    if isinstance(pattern, Single) and pattern.nth is None:
        assert numbers == online(pattern, story, binding)
    return numbers


def online(pattern: Single, story: Story, binding: dict[str, str]) -> list[int]:
    compiled, directory, numbers = compile_pattern(pattern, SCENARIO), Directory(), []
    for event in story.events:
        directory.learn(event)
        if compiled.match(event, directory, binding) is not None:
            numbers.append(event.n)
    return numbers


class TestFlows:
    def story(self) -> Story:
        story = Story()
        story.sends(1, "alice->server", sport=4000, dport=9999)  # 1
        story.sends(2, "server->alice", sport=9999, dport=4000)  # 2
        story.sends(3, "client-1->server", dport=9999)  # 3
        story.sends(4, "client-2->server", dport=8888)  # 4
        story.sends(5, "peer-1->224.0.0.251", dport=5353)  # 5
        story.sends(6, "client-1->client-2")  # 6
        return story

    @pytest.mark.parametrize(
        ("text", "numbers"),
        [
            ("alice -> server", [1]),
            ("alice <-> server", [1, 2]),
            ("any -> server", [1, 3, 4]),
            ("any -> any", [1, 2, 3, 4, 5, 6]),
            ("any -> server:9999", [1, 3]),
            ("server:9999 -> any", [2]),
            ("client -> server", [3, 4]),
            ("client-2 -> server", [4]),
            ("any client -> any", [3, 4, 6]),
            ("peer -> 224.0.0.251:5353", [5]),
            ("peer -> 224.0.0.252:5353", []),
            ("client -> other client", [6]),
            ("client -> client", []),
            ("client-1 -> other client-1", [6]),
            ("client-2 -> other client-2", []),
        ],
    )
    def test_match_by_true_ends_and_ports(self, text, numbers):
        assert found(sent(text), self.story()) == numbers

    def test_a_bound_member_stays_the_same(self):
        assert found(sent("client -> server"), self.story(), client="client-2") == [4]
        assert found(sent("client -> other client"), self.story(), client="client-2") == []

    def test_several_flows_are_any_of_them(self):
        assert found(sent("alice -> server", "server -> alice"), self.story()) == [1, 2]

    def test_the_member_that_matched_is_bound(self):
        compiled = compile_pattern(sent("client -> other client"), SCENARIO)
        event = self.story().events[5]
        bound = compiled.match(event, Directory())
        assert bound == {"client": "client-1", "other client": "client-2"}

    def test_any_client_binds_nothing(self):
        compiled = compile_pattern(sent("any client -> server"), SCENARIO)
        assert compiled.match(self.story().events[2], Directory()) == {}


class TestRefinements:
    def test_a_payload_is_read_as_text_with_other_bytes_escaped(self):
        story = Story()
        one = story.passes(1, "alice->server", b"caf\xc3\xa9 \xff!")
        story.passes(2, "alice->server", b"tea")
        assert found(delivered("alice -> server", says=r"^café \\xff!$"), story) == [one]

    def test_a_changed_payload_counts_as_it_arrived(self):
        story = Story()
        first = story.sends(1, "alice->server", b"good")
        arrived = story.delivers(1, first, payload=b"gooe")
        assert found(delivered("any -> server", says="good"), story) == []
        assert found(delivered("any -> server", says="gooe"), story) == [arrived]

    def test_a_drop_has_the_payload_that_was_sent(self):
        story = Story()
        number = story.drops(2, story.sends(1, "alice->server", b"hello"), "queue")
        story.drops(2, story.sends(1, "alice->server", b"hello"), "loss")
        pattern = dropped("alice -> server", says="hello", reason="queue")
        assert found(pattern, story) == [number]

    def test_hex_and_size(self):
        story = Story()
        story.sends(1, "alice->server", bytes.fromhex("12ff81"))
        story.sends(2, "alice->server", bytes.fromhex("1200"))
        story.sends(3, "alice->server", b"")
        assert found(sent("any -> any", hex=(0x12, None, 0x81)), story) == [1]
        assert found(sent("any -> any", hex=()), story) == [1, 2, 3]
        assert found(sent("any -> any", size=Range(2, None)), story) == [1, 2]

    def test_exit_is_by_itself_and_ended_by_a_step_too(self):
        story = Story()
        story.exits(1, "alice", 0)
        story.exits(2, "alice", 137, by="step")
        story.exits(3, "alice", 143, by="end")
        story.exits(4, "alice", 2)
        assert found(about("exit", "alice"), story) == [1, 4]
        assert found(about("ended", "alice"), story) == [1, 2, 4]
        assert found(about("exit", "alice", code=Range(1, None)), story) == [4]

    def test_stream_and_icmp_code(self):
        story = Story()
        story.prints(1, "alice", "oh", stream="stderr")
        story.prints(2, "alice", "oh")
        story._add(Icmp, 3, source="server", target="alice", code="port-unreachable")
        assert found(output("alice", "oh", stream="stderr"), story) == [1]
        assert found(datagram("icmp", "server -> alice", code="port-unreachable"), story) == [3]
        assert found(datagram("icmp", "server -> alice", code="ttl-exceeded"), story) == []


class TestNames:
    def lines(self, *lines: str) -> Story:
        story = Story().sees("server", "alice", "127.0.0.5")
        story.sees("server", "client-1", "127.0.0.1").sees("server", "client-2", "127.0.0.11")
        story.sends(0, "alice->server", seen_as="127.0.0.5:4000", sport=4000)
        for line in lines:
            story.prints(1, "server", line)
        return story

    def said(self, says: str, *lines: str, **binding: str) -> list[str]:
        story = self.lines(*lines)
        return [story.events[n - 1].line for n in found(output("server", says), story, **binding)]

    @pytest.mark.parametrize(
        "line",
        ["joined 127.0.0.5", "joined 127.0.0.5:4000", "joined ::ffff:127.0.0.5 now"],
    )
    def test_an_address_stands_in_any_spelling(self, line):
        assert self.said("joined .*$(alice)", line) == [line]

    @pytest.mark.parametrize(
        "line",
        ["joined 127.0.0.50", "joined 27.127.0.0.5", "joined 1127.0.0.5", "joined 127.0.0.5.9",
         "joined 127x0.0.5", "joined a-127.0.0.5", "joined 127.0.0.5-b"],
    )  # fmt: skip
    def test_an_address_never_matches_inside_something_longer(self, line):
        assert self.said("joined .*$(alice)", line) == []

    def test_it_may_end_a_sentence_or_stand_in_brackets(self):
        lines = ("from 127.0.0.5.", "from (127.0.0.5)", "from 127.0.0.5, 4000", "from '127.0.0.5'")
        assert self.said("from .*$(alice)", *lines) == list(lines)

    def test_an_address_is_that_which_the_printing_host_sees(self):
        story = self.lines()
        story.prints(1, "bob", "saw 127.0.0.5")
        assert found(output("bob", "saw $(alice)"), story) == []

    def test_address_and_port_of_a_served_socket(self):
        story = Story().sees("alice", "server", "127.0.0.9", 9999, 23456)
        story.prints(1, "alice", "to 127.0.0.9:23456")
        story.prints(1, "alice", "to 127.0.0.9:9999")
        assert found(output("alice", "to $(server:9999)"), story) == [2]
        assert found(output("alice", ":$(server:9999.port)"), story) == [2]
        assert found(output("alice", "to $(server:9999.host):"), story) == [2, 3]

    def test_the_port_last_seen(self):
        story = self.lines("left 4000")
        story.sends(2, "alice->server", seen_as="127.0.0.5:5000", sport=5000)
        story.prints(3, "server", "left 4000")
        story.prints(4, "server", "left 5000")
        assert found(output("server", "left $(alice.port)"), story) == [5, 8]

    def test_an_address_that_a_host_had_before_is_still_its_own(self):
        story = self.lines()
        story.sends(2, "alice->server", seen_as="127.0.0.99:4000")
        story.prints(3, "server", "expired 127.0.0.5")
        story.prints(3, "server", "joined 127.0.0.99")
        assert found(output("server", "(expired|joined) $(alice)"), story) == [6, 7]

    def test_a_name_is_a_whole_word(self):
        lines = ("found client-1", "found client-10", "found xclient-1", "found client-1-b")
        assert self.said("found $(client.name)", *lines, client="client-1") == ["found client-1"]

    def test_index_and_name_beside_literal_text(self):
        lines = ("client-1 up", "c1 up", "c11 up")
        assert self.said("client-$(client.index) up", *lines, client="client-1") == ["client-1 up"]
        assert self.said("c$(client.index) up", *lines, client="client-1") == ["c1 up"]

    def test_a_group_named_only_in_the_text_is_bound_by_it(self):
        compiled = compile_pattern(output("server", "joined $(client.name)$"), SCENARIO)
        story = self.lines("joined client-2")
        bound = compiled.match(story.events[-1], Directory())
        assert bound == {"client": "client-2"}

    def test_other_is_a_further_member(self):
        says = "$(client.name) found $(other client.name)"
        story = self.lines("client-1 found client-2", "client-1 found client-1")
        assert found(output("server", says), story) == [5]

    def test_a_caught_text_is_taken_literally(self):
        assert self.said("^got $(id)$", "got 1.5", "got 1x5", id="1.5") == ["got 1.5"]
        assert self.said("got $(id)", "got 15", "got 5", id="5") == ["got 5"]

    def test_a_name_that_stands_for_nothing_yet_matches_nothing(self):
        assert self.said("joined $(bob)", "joined ", "joined 127.0.0.5") == []

    def test_a_doubled_sign_is_plain_text(self):
        assert self.said(r"costs \$$(5)", "costs $5") == ["costs $5"]

    def test_a_named_group_called_like_a_group_of_hosts_is_still_a_text(self):
        story = self.lines("hello client-1 from x", "hello y from x")
        pattern = output("server", r"hello (?P<client>\S+) from")
        assert found(pattern, story, client="client-2") == [5, 6]

    def test_a_bound_group_must_catch_the_same_text(self):
        pattern = output("server", r"got (?P<id>\d+)")
        story = self.lines("got 1", "got 11", "got 2 got 1")
        assert found(pattern, story, id="1") == [5, 7]

    def test_a_group_that_may_catch_nothing_does_not_catch_the_same(self):
        pattern = output("server", r"^(got (?P<id>\d+)|nothing)$")
        story = self.lines("got 1", "nothing")
        assert found(pattern, story) == [5, 6]
        assert found(pattern, story, id="1") == [5]

    def test_an_optional_name_is_no_reason_to_pass_a_line_over(self):
        lines = ("answer 7", "timeout", "answer 8")
        assert self.said("^(answer $(id)|timeout)$", *lines, id="7") == ["answer 7", "timeout"]
        assert self.said("^answer $(id)$|^timeout$", *lines, id="7") == ["answer 7", "timeout"]
        assert self.said("^(?:answer )?(?:$(id))?", *lines, id="7") == list(lines)

    def test_a_caught_text_may_stand_in_an_assertion_or_beside_a_reference(self):
        lines = ("got 7", "got 8", "aa 7", "ab 7")
        assert self.said("^got (?!$(id)$)", *lines, id="7") == ["got 8"]
        assert self.said(r"^(a|b)\1 $(id)$", *lines, id="7") == ["aa 7"]

    def test_a_caught_text_is_found_though_another_comes_first(self):
        lines = ("for 1 for 7", "for 1 for 2")
        assert self.said("for $(id)", *lines, id="7") == ["for 1 for 7"]

    @pytest.mark.parametrize("flags", ["(?i)", "(?si)", "(?is)", "(?smi)", "(?ai)"])
    def test_capitals_count_for_nothing_where_a_flag_says_so(self, flags):
        lines = ("GOT ABC", "GOT ABCD")
        assert self.said(f"{flags}got $(id)", *lines, id="abc") == ["GOT ABC"]
        assert self.said("(?s)got $(id)", *lines, id="abc") == []

    def test_a_name_in_a_comment_of_an_expression_asks_for_nothing(self):
        assert self.said("(?sx)got # $(id)", "got it", id="7") == ["got it"]

    @pytest.mark.parametrize(
        "says",
        [
            r"leak.*id=(?P<id>\d+)",
            r"leak.*?id=(?P<id>\d+).*",
            r"leak.*(?P<id>\b\d+)",
            r"(?i)LEAK.*ID=(?P<id>(\d)+)",
            r"leak(?#(?P<id>).*[(]?id=(?P<id>[0-9]+)",
            r"id=(?P<id>\d+).*",
        ],
    )
    def test_a_bound_group_is_found_though_a_search_would_catch_another(self, says):
        lines = ("leak id=5 id=7", "leak id=7 id=5", "leak id=57 id=75", "leak id=7")
        assert self.said(says, *lines, id="5") == list(lines[:2])
        assert self.said(says, *lines, id="7") == [lines[0], lines[1], lines[3]]
        assert self.said(says, *lines, id="75") == [lines[2]]

    def test_a_bound_group_never_catches_a_part_of_what_it_catches_by_itself(self):
        lines = ("from a,b now", "from a now", "well, from a:1 now, from a")
        assert self.said(r"from .*?(?P<who>\S+)", *lines, who="a") == [lines[1], lines[2]]
        assert self.said(r"^from (?P<who>\S+).*", *lines, who="a") == [lines[1]]

    @pytest.mark.parametrize(
        "says", [r"leak.*id=(?P<id>\d+)\b.*(a|b)\2$", r"(?x) leak.*id=(?P<id>\d+) # )("]
    )
    def test_an_expression_that_cannot_be_tied_is_searched_as_it_stands(self, says):
        lines = ("leak id=7 id=5 aa", "leak id=5 id=7 aa")
        assert self.said(says, *lines, id="5") == [lines[0]]

    def test_a_bound_text_may_begin_a_line(self):
        lines = ("5 7", "5 8")
        assert self.said(r".*\b(?P<id>\d+)", *lines, id="5") == list(lines)

    def test_an_empty_text_may_be_bound(self):
        lines = ("by ='' ='x'", "by ='x'", "by =''")
        assert self.said("by.*='(?P<who>[^']*)'", *lines, who="") == [lines[0], lines[2]]

    def test_several_bound_groups_are_found_together(self):
        says = r"(?P<who>\w+)@.*id=(?P<id>\d+)"
        lines = ("a@x b@x id=5 id=7", "a@x id=7", "b@x id=5")
        assert self.said(says, *lines, who="a", id="5") == [lines[0]]
        assert self.said(says, *lines, who="b", id="5") == [lines[0], lines[2]]
        assert self.said(says, *lines, who="b") == [lines[0], lines[2]]
        assert self.said(r"(?P<who>\S+):(?P<id>\d+)", "a:1:2", "a:11:2", id="1") == ["a:1:2"]

    @given(st.lists(st.lists(st.sampled_from(["1", "2", "12"]), max_size=4), max_size=8))
    def test_the_index_finds_the_bound_texts_that_stand_in_a_line(self, said):
        story = Story()
        for texts in said:
            story.prints(1, "alice", "ids" + "".join(f" id={text}" for text in texts))
        for text in ("1", "2", "12"):
            assert found(output("alice", r"ids.*id=(?P<id>\d+)"), story, id=text) == [
                position for position, texts in enumerate(said, start=1) if text in texts
            ]

    @given(st.ip_addresses(v=6))
    def test_every_spelling_of_an_ipv6_address(self, address):
        import re

        regex = re.compile(spelled(str(address)))
        for text in (address.compressed, address.exploded, address.compressed.upper()):
            assert regex.search(f"from {text} on")
            assert regex.search(f"[{text}]:80")
            assert not regex.search(f"from {text}1:2 on")
        assert re.search(spelled(str(address), 53), f"[{address.exploded}]:53")
        assert not re.search(spelled(str(address), 53), f"[{address}]:535")


class TestPositions:
    def story(self) -> Story:
        story = Story()
        for second, line in enumerate(["ask 1", "ask 2", "ask 1", "ask 1", "ask 2"], start=1):
            story.prints(second, "client-1", line)
        story.prints(6, "client-2", "ask 1")
        return story

    def test_nth_counts_apart_for_each_text_and_member(self):
        pattern = output("client", r"ask (?P<id>\d+)", nth=2)
        assert found(pattern, self.story()) == [3, 5]
        assert found(output("any client", r"ask (?P<id>\d+)", nth=3), self.story()) == [4]
        assert found(output("any client", "ask", nth=6), self.story()) == [6]

    def test_nth_counts_from_the_start_of_the_run_where_the_text_is_bound(self):
        pattern = output("client-1", r"ask (?P<id>\d+)", nth=3)
        assert found(pattern, self.story(), id="1") == [4]
        assert found(pattern, self.story(), id="2") == []

    def test_last_is_the_last_for_each(self):
        assert found(output("client", r"ask (?P<id>\d+)", nth=-1), self.story()) == [4, 5, 6]

    def test_plus_moves_the_instant(self):
        matches = Finder(self.story().index(SCENARIO)).find(output("client-2", plus_ns=ns(2)))
        assert [match.t for match in matches] == [ns(8)]

    def test_either_counts_an_event_once(self):
        either = Either((output("client", "ask"), output("any client", "1")), PLACE)
        assert found(either, self.story()) == [1, 2, 3, 4, 5, 6]
        assert found(Either((output("any client"),), PLACE, nth=4), self.story()) == [4]

    def test_a_sequence_is_the_next_after_each(self):
        sequence = Sequence((output("client-1", "ask 2"), output("any client", "ask 1")), PLACE)
        assert found(sequence, self.story()) == [3, 6]

    def test_a_sequence_pairs_by_what_it_caught(self):
        sequence = Sequence(
            (output("client-1", r"^ask (?P<id>\d+)"), output("client-1", "ask $(id)")), PLACE
        )
        assert found(sequence, self.story()) == [3, 4, 5]


def test_nothing_after_the_end_is_found():
    story = Story()
    story.prints(1, "alice", "ask")
    story.ends(2)
    story.prints(3, "alice", "ask")
    finder = Finder(story.index(SCENARIO))
    assert [match.n for match in finder.find(output("alice"))] == [1]


def test_ports_and_brackets_of_an_end_read_back():
    assert flow("alice -> server:53") == Flow(end("alice"), end("server:53"))
    assert compile_pattern(sent("alice -> server:53"), SCENARIO).pattern.kind is Kind.SENT


@given(st.lists(st.tuples(st.sampled_from(["1", "2", "12", "a.b"]), st.booleans()), max_size=20))
def test_the_index_over_texts_finds_what_a_scan_finds(said):
    story = Story()
    for second, (text, answered) in enumerate(said):
        story.prints(second, "alice", f"{'answer' if answered else 'ask'} {text}")
    for text in ("1", "2", "12", "a.b"):
        pattern = output("alice", "^answer $(id)")
        assert found(pattern, story, id=text) == [
            position for position, pair in enumerate(said, start=1) if pair == (text, True)
        ]
