"""The types of the language's values as pieces of JSON Schema.

A value may always be a param (``$(loss)``), and an editor may read ``12`` as a number: both are let
through. Expressions keep to what ECMA 262 and Python read alike.
"""

from __future__ import annotations

from typing import Any, Final

Schema = dict[str, Any]

_NUMBER: Final = r"(?:\d+(?:\.\d+)?|\.\d+)"
_DURATION: Final = rf"[+-]?(?:{_NUMBER}\s*(?:ns|us|ms|s|m|h)\s*)+"
_SIZE: Final = rf"{_NUMBER}\s*(?:B|[kK]B|MB|GB|KiB|MiB|GiB)"
_RATE: Final = rf"{_NUMBER}\s*[kKMG]?bit/s"
_SHARE: Final = rf"{_NUMBER}\s*%"
_COUNT: Final = r"\d+"
_END: Final = r"\S.*"
_FLOW: Final = rf"{_END}\s*(?:->|<->)\s*{_END}"
_HOST: Final = r"(?:(?:any|other)\s+)?[a-z0-9_][a-z0-9_-]*"
_HEX: Final = r"(?:[0-9A-Fa-f]{2}\s*)*"

TEXT: Final[Schema] = {"type": ["string", "number", "boolean", "null"]}


def reference(noun: str) -> Schema:
    """A noun that is described once, under ``$defs``."""
    return {"$ref": f"#/$defs/{noun}"}


def scalar(expression: str, *examples: str, number: bool = False) -> Schema:
    """Text of this form, or text with a name in it."""
    kinds = ["string", "integer"] if number else "string"
    found: Schema = {"type": kinds, "pattern": rf"^\s*(?:{expression})\s*$|\$\("}
    return {**found, "examples": [*examples]} if examples else found


def span(expression: str, *examples: str, number: bool = False) -> Schema:
    """A RANGE of such values."""
    both = rf"(?:{expression})?\s*\.\.\s*(?:{expression})?"
    return scalar(rf"{expression}|{both}", *examples, number=number)


def words(*choices: str) -> Schema:
    """One of some words; text with a name in it is let through."""
    return {"anyOf": [{"enum": [*choices]}, {"type": "string", "pattern": r"\$\("}]}


def listed(item: Schema, told: str = "") -> Schema:
    """A list of at least one."""
    found: Schema = {"type": "array", "items": item, "minItems": 1}
    return {**found, "description": told} if told else found


def one_or_more(item: Schema) -> Schema:
    """A value, or a list of such values."""
    return {"anyOf": [item, listed(item)]}


def table_of(value: Schema, keys: str = r"^[^\s].*$") -> Schema:
    """A mapping from names to such values."""
    return {"type": "object", "patternProperties": {keys: value}, "additionalProperties": False}


_INSTANT: Final[Schema] = {
    "anyOf": [TEXT, reference("pattern")],
    "examples": ["45s", "outage.end + 5s"],
}
_FLOWS: Final = one_or_more(scalar(_FLOW, "alice -> server", "alice <-> server"))
_DURATIONS: Final = span(_DURATION, "10s .. 11s", ".. 3s")
_SHARE_FORM: Final = scalar(_SHARE, "5%", "0.1%")

FORMS: Final[dict[str, Schema]] = {
    "text": TEXT,
    "regex": TEXT,
    "word": TEXT,
    "words": one_or_more(TEXT),
    "command": {"anyOf": [{"type": "string"}, listed(TEXT)]},
    "environment": {"type": "object", "additionalProperties": TEXT},
    "params": {"type": "object"},
    "duration": scalar(_DURATION, "200ms", "1m30s"),
    "size": scalar(_SIZE, "1400B", "64KiB"),
    "rate": scalar(_RATE, "2Mbit/s"),
    "share": _SHARE_FORM,
    "count": scalar(_COUNT, number=True),
    "port": scalar(_COUNT, number=True),
    "nth": scalar(rf"{_COUNT}|last", number=True),
    "duration range": _DURATIONS,
    "window": span(_DURATION, "3s", "10s .. 11s", "-2s .. 0s"),
    "size range": span(_SIZE, "1401B .."),
    "count range": span(_COUNT, "1 ..", ".. 60", "3", number=True),
    "share range": span(_SHARE, "95% .."),
    "positions": one_or_more(span(_COUNT, "3", "8 .. 10", number=True)),
    "waits": one_or_more(_DURATIONS),
    "instant": _INSTANT,
    "during": {"anyOf": [TEXT, reference("pattern")], "examples": ["outage", "5s .. 20s"]},
    "bounds": TEXT,
    "code": TEXT,
    "mark": scalar(r"[A-Za-z_][A-Za-z0-9_-]*"),
    "host": scalar(_HOST),
    "flow": scalar(_FLOW, "alice -> server:9999"),
    "flows": _FLOWS,
    "flows or pattern": {"anyOf": [_FLOWS, reference("pattern")]},
    "patterns": listed(reference("pattern")),
    "bytes": {"type": ["string", "integer"], "pattern": rf"^\s*{_HEX}$|\$\("},
    "byte pattern": {
        "type": ["string", "integer"],
        "pattern": r"^\s*(?:(?:[0-9A-Fa-f]{2}|xx)\s*)+$|\$\(",
    },
    "parts": listed(reference("payload-part")),
    "loss": {
        "anyOf": [_SHARE_FORM, reference("loss-list"), reference("loss-states")],
    },
    "profile": {"type": "string"},
    "family": words("ipv4", "ipv6"),
    "stdio": words("pipe", "tty"),
    "stream": words("stdout", "stderr"),
    "rebind": words("port", "address"),
    "reason": words(
        "loss", "cut", "queue", "mtu", "corrupt", "nobody", "buffer", "nat", "fragment", "ttl"
    ),
    "signal": {"type": "string", "examples": ["TERM", "INT", "HUP"]},
    "promise": words(
        *(
            f"{often}{order}"
            for often in ("exactly once", "at least once", "at most once")
            for order in ("", " in order")
        )
    ),
    "ready": {"anyOf": [words("started"), reference("ready")]},
    "hosts": table_of({"anyOf": [reference("host"), {"type": "null"}]}),
    "links": table_of(reference("link")),
    "steps": listed(reference("step")),
    "checks": table_of(reference("check")),
    "mutants": table_of(reference("mutant")),
    "edits": table_of({"type": "array", "items": TEXT, "minItems": 2, "maxItems": 2}),
}
