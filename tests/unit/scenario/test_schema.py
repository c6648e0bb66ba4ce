"""The JSON Schema of the language."""

import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from harness.scenario.document import Problems, parse_document
from harness.scenario.schema import MAPPED, json_schema
from harness.scenario.schema_forms import FORMS
from harness.scenario.variants import plain_value
from harness.scenario.vocabulary import NOUNS

ROOT = Path(__file__).parents[3]
SCENARIOS = sorted((ROOT / "scenarios").glob("*/*.yaml"))

MINIMAL = {
    "scenario": "x",
    "until": "10s",
    "hosts": {"a": {"run": "p"}},
    "checks": {"c": {"expect": {"sent": "a -> b"}}},
}


@pytest.fixture(scope="module")
def validator():
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_it_is_json_and_carries_words_for_every_key():
    schema = json.loads(json.dumps(json_schema()))
    assert schema["properties"]["until"]["description"].startswith("The instant")
    for noun in MAPPED:
        piece = schema["$defs"][noun.replace(" ", "-")]
        table = piece if "properties" in piece else piece["anyOf"][0]
        assert all(p["description"] for p in table["properties"].values())
        assert list(table["properties"]) == [key.name for key in NOUNS[noun]]


def test_every_form_of_the_vocabulary_is_described():
    forms = {key.form for keys in NOUNS.values() for key in keys}
    assert forms - set(FORMS) - MAPPED == set()


def test_every_reference_leads_somewhere():
    schema = json_schema()
    text = json.dumps(schema)
    named = {piece.split('"')[0] for piece in text.split("#/$defs/")[1:]}
    assert named <= set(schema["$defs"])


def test_there_are_scenarios_to_hold_it_to():
    assert SCENARIOS


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_shipped_scenarios_fit_as_text_and_as_an_editor_reads_them(path, validator):
    text = path.read_text(encoding="utf-8")
    as_text = plain_value(parse_document(text, str(path), Problems()))
    for tree in (as_text, YAML(typ="safe", pure=True).load(text)):
        validator.validate(tree)


def test_the_smallest_scenario_fits(validator):
    validator.validate(MINIMAL)


def changed(**keys):
    return {**MINIMAL, **keys}


@pytest.mark.parametrize(
    "tree",
    [
        changed(untill="3s"),
        {key: value for key, value in MINIMAL.items() if key != "checks"},
        changed(hosts={"a": {"command": "p"}}),
        changed(links={"a -> b": {"delay": "20"}}),
        changed(links={"a -> b": {"loss": "5"}}),
        changed(links={"a -> b": {"netem": "delay 5ms"}}),
        changed(timeline=[{"at": "1s", "each": {"sent": "a -> b"}, "mark": "m"}]),
        changed(timeline=[{"mark": "m"}]),
        changed(timeline=[{"at": "1s", "cut": "a to b"}]),
        changed(checks={"c": {"expect": {"sent": "a -> b"}, "never": {"sent": "a -> b"}}}),
        changed(checks={"c": {"within": "3s"}}),
        changed(checks={"c": {"expect": {"sent": "a -> b", "says": "x", "as": "b"}}}),
        changed(checks={"c": {"expect": {"dropped": "a -> b", "reason": "bad luck"}}}),
        changed(family="ipv5"),
        changed(mutants={"m": {"hosts": {}}}),
        changed(mutants={"m": {"edit": {"x.py": ["one"]}, "breaks": ["c"]}}),
    ],
)
def test_what_is_no_scenario_does_not_fit(tree, validator):
    assert not validator.is_valid(tree)


@pytest.mark.parametrize(
    "tree",
    [
        changed(links={"a -> b": {"delay": "$(delay)", "loss": "$(loss)"}}),
        changed(links={"a -> b": "$(line)"}),
        changed(seeds=20),
        changed(seeds="20 .. 200"),
        changed(until={"exit": "a", "plus": "1s"}),
        changed(until=[{"exit": "a"}, {"exit": "b"}]),
        changed(hosts={"a": None, "b": {"count": 3, "ready": "started"}}),
        changed(timeline=[{"at": "1s", "send": "a -> b:9", "payload": [{"hex": "00 ff"}]}]),
    ],
)
def test_other_ways_to_write_fit(tree, validator):
    validator.validate(tree)
