import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import Problem, ScenarioFault
from harness.scenario.loader import load, loads
from harness.scenario.model import AtMark, AtPattern, AtTime, GilbertElliott, PacketList, Scenario
from harness.units import Range

DATA = Path(__file__).parents[2] / "data" / "language"
SHIPPED = Path(__file__).parents[3] / "scenarios"
S = 1_000_000_000

SMALL = """\
scenario: it answers
until: 5s
hosts:
  server: {run: server $(self:9999)}
  alice: {run: client $(server:9999)}
checks:
  it lives: {alive: server}
  it answers: {expect: {delivered: server -> alice}, within: 1s}
"""


def one(text: str, file: str = "small.yaml") -> Scenario:
    (found,) = loads(text, file)
    return found


def problems_of(text: str, file: str = "small.yaml") -> tuple[Problem, ...]:
    with pytest.raises(ScenarioFault) as caught:
        loads(text, file)
    return caught.value.problems


def example(name: str) -> tuple[Scenario, ...]:
    (path,) = DATA.glob(f"*_{name}.yaml")
    return load(path)


@pytest.mark.parametrize("path", sorted(DATA.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_examples_of_the_language_load(path: Path) -> None:
    for scenario in load(path):
        assert scenario.checks
        assert scenario.hosts
        assert [mutant.breaks for mutant in scenario.mutants if not mutant.breaks] == []
        assert len(scenario.mutants) == 1


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("05_spoofed", {"sees", "as", "validation"}),
        ("06_amplification", {"as", "amplification"}),
        ("15_field_trace", {"trace", "by"}),
        ("16_forged_answer", {"sees", "as", "validation"}),
    ],
)
def test_words_that_the_language_does_not_have_are_refused_by_name(
    name: str, keys: set[str]
) -> None:
    with pytest.raises(ScenarioFault) as caught:
        load(DATA / "later" / f"{name}.yaml")
    unknown = {p.found for p in caught.value.problems if p.message.startswith("unknown key")}
    assert unknown == keys


@pytest.mark.parametrize(
    "path", sorted(SHIPPED.rglob("*.yaml")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_the_shipped_scenarios_load(path: Path) -> None:
    assert load(path)


def test_the_echo_example_is_read_as_written() -> None:
    (scenario,) = example("echo")
    assert scenario.claim == "two clients at once each get their own answers"
    assert isinstance(scenario.until, AtPattern)
    assert scenario.single_hosts == ("server", "client-1", "client-2")
    assert scenario.links[0].fields.loss == Fraction(1, 20)
    ends = scenario.checks[0].parts[0]
    assert ends.within == Range(0, 2_100_000_000)
    assert ends.text == (
        r"each: {output: client, says: '^ask (?P<id>\d+)'}, "
        "expect: {output: client, says: ^(answer|timeout) $(id)}, within: 2.1s"
    )
    assert scenario.mutants[0].breaks == ("nobody gets another's answer",)
    assert scenario.mutants[0].scenario.hosts["server"].run[1] == "naive_server.py"


def test_params_are_put_in_before_values_are_read() -> None:
    (scenario,) = example("heartbeat")
    assert scenario.hosts["server"].run[-1] == "10"
    assert scenario.params == {"expire": "10s"}
    assert scenario.links[1].fields.loss == PacketList(
        (Range(3, 3), Range(8, 10), Range(17, 17), Range(24, 26))
    )


def test_lists_make_variants_in_order() -> None:
    found = example("matrix")
    assert [scenario.variant for scenario in found] == [
        f"loss={loss} delay={delay}" for loss in ("0%", "10%", "20%") for delay in ("1ms", "100ms")
    ]
    assert [scenario.links[0].fields.delay_ns for scenario in found[:2]] == [S // 1000, S // 10]
    assert found[0].seeds == Range(20, 20)
    assert len({scenario.digest for scenario in found}) == 6


def test_an_override_fixes_a_param() -> None:
    (path,) = DATA.glob("*_matrix.yaml")
    found = load(path, {"loss": "30%"})
    assert {scenario.links[0].fields.loss for scenario in found} == {Fraction(3, 10)}
    with pytest.raises(ScenarioFault, match="--set names no param"):
        load(path, {"lss": "30%"})


def test_steps_and_marks_of_the_examples_are_read() -> None:
    (jitter,) = example("jitter_buffer")
    step = jitter.timeline[0]
    assert (step.at, step.every_ns, step.times, step.lasts_ns) == (AtTime(5 * S), 5 * S, 5, S // 5)
    assert isinstance(jitter.links[0].fields.loss, GilbertElliott)
    anchor = jitter.checks[0].parts[0].anchor
    assert anchor is not None
    assert isinstance(anchor.instant, AtMark)
    assert anchor.instant.end


def test_what_is_not_written_has_its_default() -> None:
    scenario = one(SMALL)
    assert (scenario.family, scenario.deadline_ns, scenario.seeds) == ("ipv4", 60 * S, Range(1, 1))
    assert (scenario.variant, scenario.params, scenario.mutants) == ("", {}, ())
    assert scenario.text == SMALL
    assert scenario.path == "small.yaml"


def test_the_text_of_a_check_is_the_check_in_one_line() -> None:
    scenario = one(SMALL.replace("within: 1s", "\n    within: 1s"))
    assert scenario.checks[1].text == "expect: {delivered: server -> alice}, within: 1s"


def test_the_digest_is_of_what_the_file_says() -> None:
    digest = one(SMALL).digest
    assert (
        one("# a comment\n" + SMALL.replace("{alive: server}", "\n    alive: server")).digest
        == digest
    )
    assert one(SMALL, "elsewhere.yaml").digest == digest
    assert one(SMALL.replace("5s", "6s")).digest != digest
    assert one(SMALL + "about: prose\n").digest == digest


def test_a_mutants_scenario_has_a_digest_of_its_own() -> None:
    (scenario,) = example("echo")
    assert scenario.mutants[0].scenario.digest != scenario.digest
    assert scenario.mutants[0].scenario.mutants == ()


FIVE = """\
scenario: five mistakes
until: 5
hosts:
  server: {run: server $(self:9999), stdio: pty}
  alice: {run: client $(server:9999)}
links:
  alice -> servr: {delay: 20ms}
timeline:
  - {at: 1s, cutt: alice -> server}
checks:
  it lives: {alive: server}
  it answers: {never: {delivered: server -> alice}, within: 1s}
  it repeats: {never: {delivered: server -> alice}, count: 2}
"""


def test_five_different_mistakes_are_told_at_once_each_with_its_place() -> None:
    found = problems_of(FIVE)
    assert [(p.place.line, p.place.column) for p in found] == [
        (2, 8),
        (4, 45),
        (7, 3),
        (9, 5),
        (9, 14),
        (13, 53),
    ]
    assert all(p.place.file == "small.yaml" for p in found)
    assert found[2].nearest == "server"
    assert found[4].nearest == "cut"
    assert re.search(r"small\.yaml:2:8: this lacks its unit, found '5'", str(found[0]))


def test_a_section_that_is_wrong_is_not_called_empty_as_well() -> None:
    (problem,) = problems_of(SMALL.split("checks:")[0] + "checks: {it lives: {alive: Server}}\n")
    assert problem.found == "Server"


@pytest.mark.parametrize("key", ["scenario", "until", "hosts", "checks"])
def test_a_file_without_a_required_key_says_which(key: str) -> None:
    lines = re.split(r"\n(?=\S)", SMALL.rstrip())
    text = "\n".join(line for line in lines if not line.startswith(key))
    assert [p.message for p in problems_of(text) if "lacks" in p.message] == [
        f"this file lacks `{key}`"
    ]


def test_a_mistake_of_every_variant_is_told_once() -> None:
    text = "params: {loss: [0%, 10%, 20%]}\n" + SMALL.replace("within: 1s", "within: 1")
    assert len(problems_of(text)) == 1


def test_a_mistake_of_one_variant_is_told() -> None:
    text = "params: {wait: [1s, 2, 3s]}\n" + SMALL.replace("within: 1s", "within: $(wait)")
    (problem,) = problems_of(text)
    assert problem.found == "2"


MUTANTS = SMALL + "mutants:\n  deaf:\n    "


def test_a_mistake_that_only_a_mutant_has_says_so() -> None:
    text = MUTANTS + "hosts: {server: {stdio: pty}}\n    breaks: [it answers]\n"
    (problem,) = problems_of(text)
    assert problem.message.startswith("in the mutant 'deaf': ")
    assert (problem.place.line, problem.place.column) == (11, 29)


def test_a_mistake_of_the_file_is_not_told_again_for_its_mutants() -> None:
    text = MUTANTS.replace("within: 1s", "within: 1")
    text += "hosts: {server: {run: deaf}}\n    breaks: [it answers]\n"
    (problem,) = problems_of(text)
    assert problem.message == "this lacks its unit"


def test_a_mutant_names_checks_that_there_are() -> None:
    text = MUTANTS + "hosts: {server: {run: deaf}}\n    breaks: [it anwsers]\n"
    (problem,) = problems_of(text)
    assert problem.nearest == "it answers"
    (lacking,) = problems_of(MUTANTS + "hosts: {server: {run: deaf}}\n")
    assert "names the checks that it breaks" in lacking.message


def test_an_unknown_key_of_a_mutant_is_told_once() -> None:
    text = MUTANTS + "host: {server: {run: deaf}}\n    links: {}\n    breaks: [it answers]\n"
    (problem,) = problems_of(text)
    assert (problem.found, problem.nearest) == ("host", "hosts")


def test_an_edit_changes_a_copy_of_a_program(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text("answer()\n", encoding="utf-8")
    text = MUTANTS + "edit: {server.py: [answer(), pass]}\n    breaks: [it answers]\n"
    (mutant,) = one(text, str(tmp_path / "small.yaml")).mutants
    assert list(mutant.edits.values()) == ["pass\n"]
    (problem,) = problems_of(text.replace("[answer()", "[ask()"), str(tmp_path / "small.yaml"))
    assert "stands 0 times" in problem.message


@pytest.mark.parametrize("text", ["mutants: [a]\n", "mutants: {a: b}\n"])
def test_what_are_no_mutants_is_refused(text: str) -> None:
    (problem,) = problems_of(SMALL + text)
    assert "where a mapping belongs" in problem.message


def test_a_file_that_cannot_be_read_is_a_scenario_fault(tmp_path: Path) -> None:
    with pytest.raises(ScenarioFault, match="cannot read the file"):
        load(tmp_path / "absent.yaml")


def mistakes(text: str) -> tuple[Problem, ...]:
    """What is refused in a text; anything raised but a scenario fault is let through."""
    try:
        loads(text, "any.yaml")
    except ScenarioFault as fault:
        return fault.problems
    return ()


@settings(deadline=None)
@given(st.text())
def test_arbitrary_text_is_at_worst_a_scenario_fault(text: str) -> None:
    assert mistakes(text), "nothing so short is a scenario"


def pieces() -> Iterator[str]:
    for path in sorted(DATA.rglob("*.yaml")):
        yield path.read_text(encoding="utf-8")


TEXTS = tuple(pieces())
NOISE = st.sampled_from(
    ["", "$(", "$(x)", "..", "-1s", "any", "other client", "[]", "{}", "0", "9" * 30, "'(?P<id>'",
     "client-99", "a -> b", "{a: b}", "\n", "- ", "outage.end", "100%", "last", "é", "true", "#"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(TEXTS), st.lists(st.tuples(st.integers(0, 10_000), NOISE), max_size=6))
def test_a_damaged_scenario_is_at_worst_a_scenario_fault(
    text: str, damage: list[tuple[int, str]]
) -> None:
    for position, noise in damage:
        words = re.split(r"(\s+|[{}\[\],:])", text)
        words[position % len(words)] = noise
        text = "".join(words)
    assert all(problem.message for problem in mistakes(text))
