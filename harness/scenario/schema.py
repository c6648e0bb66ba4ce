"""The language as JSON Schema 2020-12, for editors that complete and explain a scenario file.

Derived from :mod:`harness.scenario.vocabulary`, so it knows every key that the readers know. It is
looser than the readers: what only shows when values are seen together is refused by them alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from harness.scenario.schema_forms import FORMS, Schema, listed, reference
from harness.scenario.vocabulary import (
    CHECK_KINDS,
    MEASURE_KINDS,
    NOUNS,
    PATTERN_KINDS,
    PAYLOAD,
    Key,
)

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
CHOICES: Final = {
    "pattern": PATTERN_KINDS,
    "check": CHECK_KINDS,
    "measure": MEASURE_KINDS,
    "payload part": PAYLOAD,
}
"""Nouns with a kind: exactly one of these keys stands in each."""
MAPPED: Final = frozenset({*NOUNS} - {"file"})


def json_schema() -> Schema:
    """The whole language. Every key carries what it means and its default."""
    return {
        "$schema": DIALECT,
        "title": "A scenario of the UDP harness",
        "description": "Which programs run, what happens to their datagrams, what must be true.",
        **_noun("file", NOUNS["file"]),
        "$defs": {_slug(noun): _definition(noun) for noun in sorted(MAPPED)},
    }


def _definition(noun: str) -> Schema:
    table = _noun(noun, NOUNS[noun])
    if noun == "pattern":
        return {"anyOf": [table, listed(reference("pattern"), "a sequence: one after another")]}
    if noun == "link":
        text: Schema = {"type": "string", "description": "the name of a link profile, or a param"}
        return {"anyOf": [table, text]}
    return table


def _noun(noun: str, keys: Iterable[Key]) -> Schema:
    table: Schema = {
        "type": "object",
        "properties": {key.name: _property(key) for key in keys},
        "additionalProperties": False,
    }
    required = [key.name for key in keys if key.required]
    if required:
        table["required"] = required
    if noun in CHOICES:
        table["oneOf"] = [{"required": [key.name]} for key in CHOICES[noun]]
    if noun == "step":
        table["oneOf"] = [{"required": ["at"]}, {"required": ["each"]}]
    return table


def _property(key: Key) -> Schema:
    told = key.doc[:1].upper() + key.doc[1:] + "."
    if key.default:
        told += f" Default: {key.default}."
    return {"description": told, **_form(key.form)}


def _form(form: str) -> dict[str, Any]:
    if form in FORMS:
        return FORMS[form]
    return reference(_slug(form)) if form in MAPPED else {}


def _slug(noun: str) -> str:
    return noun.replace(" ", "-")
