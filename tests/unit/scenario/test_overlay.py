"""Mutants laid over a file, and edits of programs."""

import pytest

from harness.errors import Place
from harness.scenario.document import Problems, parse_document
from harness.scenario.overlay import breaks, edits, mutated
from harness.scenario.variants import plain_value


def tree(text, problems=None):
    return parse_document(text, "a.yaml", problems or Problems())


BASE = tree(
    """\
scenario: x
hosts:
  server: {run: good, env: {A: '1', B: '2'}}
  alice: {run: client}
links:
  any -> any: {delay: 20ms, loss: 5%}
  alice -> server: wifi
timeline:
  - {at: 1s, mark: a}
mutants:
  m: {breaks: [c]}
"""
)


def laid(text):
    problems = Problems()
    found = plain_value(mutated(BASE, tree(text), problems))
    assert problems.list == []
    return found


def test_mappings_merge_and_the_rest_is_replaced():
    found = laid(
        """\
hosts: {server: {run: bad, env: {B: '3'}}, mallory: {}}
links: {any->any: {loss: 0%}, alice -> server: {loss: 1%}}
timeline: [{at: 2s, mark: b}]
breaks: [c]
"""
    )
    assert found == {
        "scenario": "x",
        "hosts": {
            "server": {"run": "bad", "env": {"A": "1", "B": "3"}},
            "alice": {"run": "client"},
            "mallory": {},
        },
        "links": {
            "any->any": {"delay": "20ms", "loss": "0%"},
            "alice -> server": {"loss": "1%"},
        },
        "timeline": [{"at": "2s", "mark": "b"}],
    }


def test_the_mutants_of_the_file_are_gone_and_the_order_stays():
    found = laid("hosts: {alice: {run: other}}\nbreaks: [c]")
    assert list(found) == ["scenario", "hosts", "links", "timeline"]
    assert list(found["hosts"]) == ["server", "alice"]


def test_a_section_that_the_file_lacks_is_added():
    problems = Problems()
    found = mutated(tree("scenario: x"), tree("links: {a -> b: wifi}"), problems)
    assert plain_value(found) == {"scenario": "x", "links": {"a -> b": "wifi"}}


def test_other_keys_are_refused_with_the_nearest():
    problems = Problems()
    mutated(BASE, tree("host: {}\nlinks: {}"), problems)
    (problem,) = problems.list
    assert (problem.found, problem.nearest) == ("host", "hosts")
    assert problem.place == Place("a.yaml", 1, 1)


def test_a_mutant_that_changes_nothing_is_refused():
    problems = Problems()
    mutated(BASE, tree("breaks: [c]"), problems)
    assert "changes nothing" in problems.list[0].message


def test_breaks_names_the_checks():
    problems = Problems()
    assert breaks(tree("breaks: [b, a]"), ["a", "b", "c"], problems) == ("b", "a")
    assert problems.list == []


@pytest.mark.parametrize(
    ("text", "message", "found", "nearest"),
    [
        ("breaks: [alpa]", "names no check", "alpa", "alpha"),
        ("breaks: [alpha, alpha]", "twice", "alpha", ""),
        ("breaks: []", "names the checks", "", ""),
        ("breaks: alpha", "names the checks", "", ""),
        ("hosts: {}", "names the checks", "", ""),
    ],
)
def test_wrong_breaks_are_refused(text, message, found, nearest):
    problems = Problems()
    breaks(tree(text), ["alpha"], problems)
    (problem,) = problems.list
    assert message in problem.message
    assert (problem.found, problem.nearest) == (found, nearest)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "server.py").write_text("one\ntwo\ntwo\n")
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "inner.py").write_text("x = 1\r\n", newline="")
    return tmp_path


def test_an_edit_gives_the_whole_changed_text(folder):
    problems = Problems()
    mutant = tree('edit: {server.py: [one, 1], sub/inner.py: ["x = 1", "x = 2"]}')
    assert edits(mutant, folder, problems) == {
        str(folder / "server.py"): "1\ntwo\ntwo\n",
        str(folder / "sub" / "inner.py"): "x = 2\r\n",
    }
    assert problems.list == []
    assert (folder / "server.py").read_text() == "one\ntwo\ntwo\n"


def test_without_edit_nothing_is_edited(folder):
    assert edits(tree("breaks: [a]"), folder, Problems()) == {}


@pytest.mark.parametrize(
    ("text", "message", "found", "nearest"),
    [
        ("edit: {server.py: [two, 2]}", "stands 2 times", "two", ""),
        ("edit: {server.py: [three, 3]}", "stands 0 times", "three", ""),
        ("edit: {server.py: ['', 3]}", "stands 0 times", "", ""),
        ("edit: {server.py: [one, one]}", "changes nothing", "one", ""),
        ("edit: {server.py: [one]}", "old text and new text", "", ""),
        ("edit: {server.py: one}", "old text and new text", "", ""),
        ("edit: {servr.py: [one, 1]}", "no such program", "servr.py", "server.py"),
        ("edit: {nowhere/x.py: [one, 1]}", "no such program", "nowhere/x.py", ""),
        ("edit: {binary.py: [one, 1]}", "cannot be read as text", "binary.py", ""),
        ("edit: {../a.py: [one, 1]}", "outside the folder", "../a.py", ""),
        ("edit: {/etc/hostname: [one, 1]}", "outside the folder", "/etc/hostname", ""),
        ("edit: [server.py]", "a mapping of programs", "", ""),
        ("edit: {}", "a mapping of programs", "", ""),
    ],
)
def test_wrong_edits_are_refused(folder, text, message, found, nearest):
    problems = Problems()
    assert edits(tree(text), folder, problems) == {}
    (problem,) = problems.list
    assert message in problem.message
    assert (problem.found, problem.nearest) == (found, nearest)


def test_a_link_that_leads_out_of_the_folder_is_refused(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("elsewhere") / "x.py"
    outside.write_text("one")
    (folder / "link.py").symlink_to(outside)
    problems = Problems()
    assert edits(tree("edit: {link.py: [one, 1]}"), folder, problems) == {}
    assert "outside the folder" in problems.list[0].message


def test_problems_of_edits_stand_at_their_place(folder):
    problems = Problems()
    edits(tree("edit:\n  server.py: [nothing, 1]"), folder, problems)
    assert problems.list[0].place == Place("a.yaml", 2, 15)
