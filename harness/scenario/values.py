"""Scalars of the language: from a node's text to a typed value, or a noted mistake and None.

Names ``$(…)`` that are left at this point belong to hosts or to named groups; they stay text.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final, TypeVar

from harness.scenario.document import Items, Node, Problems, Table, Text
from harness.scenario.model import End, Flow, Flows, HostRef, Whose
from harness.units import (
    Range,
    UnitError,
    parse_count,
    parse_duration,
    parse_range,
    parse_rate,
    parse_share,
    parse_size,
)

T = TypeVar("T")

HOST_NAME: Final = r"[a-z][a-z0-9_-]*"
HOST_FORM: Final = "a host such as alice, client-3, any client, other client, or any"
FLOW_FORM: Final = "a flow such as a -> b, a -> b:9999 or a <-> b"
_HOST: Final = re.compile(rf"(?:(any|other)\s+)?({HOST_NAME})")
_MEMBER: Final = re.compile(r"(.+)-(\d+)")
_ARROW: Final = re.compile(r"\s(<->|->)\s")
_NAME: Final = re.compile(r"\$\([^()]*\)")


def kind_of(node: Node) -> str:
    """A node's kind in the words of a message."""
    return {Text: "text", Table: "a mapping", Items: "a list"}[type(node)]


def text_of(node: Node, problems: Problems, accepted: str = "text") -> Text | None:
    """The node as a scalar."""
    if isinstance(node, Text):
        return node
    problems.add(node.place, f"{kind_of(node)} where a value belongs", accepted=accepted)
    return None


def table_of(node: Node, problems: Problems, accepted: str) -> Table | None:
    """The node as a mapping."""
    if isinstance(node, Table):
        return node
    found = node.value if isinstance(node, Text) else ""
    problems.add(node.place, f"{kind_of(node)} where a mapping belongs", found, accepted)
    return None


def items_of(node: Node, problems: Problems, accepted: str) -> tuple[Node, ...] | None:
    """The node as a list."""
    if isinstance(node, Items):
        return node.items
    found = node.value if isinstance(node, Text) else ""
    problems.add(node.place, f"{kind_of(node)} where a list belongs", found, accepted)
    return None


def parsed(node: Node, problems: Problems, parse: Callable[[str], T]) -> T | None:
    """A scalar read by one of the unit parsers."""
    text = text_of(node, problems)
    if text is None:
        return None
    try:
        return parse(text.value)
    except UnitError as error:
        problems.add(text.place, f"{text.value!r} {error}", text.value, error.accepted)
        return None


def duration(node: Node, problems: Problems, *, least_ns: int | None = 0) -> int | None:
    """Nanoseconds; below ``least_ns`` is refused (None: any sign)."""
    value = parsed(node, problems, parse_duration)
    if value is not None and least_ns is not None and value < least_ns:
        problems.add(node.place, "a negative duration", _shown(node), "zero or more")
        return None
    return value


def _shown(node: Node) -> str:
    return node.value if isinstance(node, Text) else ""


def share(node: Node, problems: Problems) -> Fraction | None:
    """A fraction of one."""
    return parsed(node, problems, parse_share)


def size(node: Node, problems: Problems) -> int | None:
    """Bytes."""
    return parsed(node, problems, parse_size)


def rate(node: Node, problems: Problems) -> int | None:
    """Bits per second, above zero."""
    value = parsed(node, problems, parse_rate)
    if value == 0:
        problems.add(node.place, "a rate of nothing", _shown(node), "more than 0; cut drops all")
        return None
    return value


def count(node: Node, problems: Problems, *, least: int = 0) -> int | None:
    """A whole number of at least ``least``."""
    value = parsed(node, problems, parse_count)
    if value is not None and value < least:
        problems.add(node.place, "the number is too small", _shown(node), f"at least {least}")
        return None
    return value


def count_range(node: Node, problems: Problems) -> Range | None:
    """A RANGE of whole numbers."""
    return parsed(node, problems, lambda text: parse_range(text, parse_count))


def duration_range(node: Node, problems: Problems) -> Range | None:
    """A RANGE of durations."""
    return parsed(node, problems, lambda text: parse_range(text, parse_duration))


def size_range(node: Node, problems: Problems) -> Range | None:
    """A RANGE of sizes."""
    return parsed(node, problems, lambda text: parse_range(text, parse_size))


def share_range(node: Node, problems: Problems) -> Range | None:
    """A RANGE of shares."""
    return parsed(node, problems, lambda text: parse_range(text, parse_share))


def within(node: Node, problems: Problems) -> Range | None:
    """The window of a check: a RANGE of durations, or a limit (``3s`` is ``0s .. 3s``)."""
    bounds = duration_range(node, problems)
    if bounds is None or not isinstance(node, Text) or ".." in node.value:
        return bounds
    if bounds.high is not None and bounds.high < 0:
        problems.add(node.place, "a negative limit", node.value, "a range such as -2s .. 0s")
        return None
    return Range(0, bounds.high)


def word(node: Node, problems: Problems, words: Sequence[str]) -> str | None:
    """One of a fixed list of words."""
    text = text_of(node, problems, ", ".join(words))
    if text is None:
        return None
    if text.value not in words:
        problems.add(text.place, "an unknown word", text.value, ", ".join(words), words)
        return None
    return text.value


def host_ref(node: Node, problems: Problems) -> HostRef | None:
    """A HOST word."""
    text = text_of(node, problems, HOST_FORM)
    if text is None:
        return None
    ref = host_in(text.value)
    if ref is None:
        problems.add(text.place, "this is no host", text.value, HOST_FORM)
    return ref


def host_in(text: str) -> HostRef | None:
    """A HOST word in plain text, None when it is none. Whether it exists is not asked here.

    A trailing number makes a member; a host that is really called ``peer-7`` is settled later,
    when the hosts are known.
    """
    text = text.strip()
    if text == "any":
        return HostRef(whose=Whose.ALL)
    match = _HOST.fullmatch(text)
    if match is None:
        return None
    whose = Whose(match.group(1)) if match.group(1) else Whose.EACH
    member = _MEMBER.fullmatch(match.group(2))
    if member is not None:
        return HostRef(member.group(1), int(member.group(2)), whose)
    return HostRef(match.group(2), None, whose)


def end_in(text: str) -> End | None:
    """One end of a flow: HOST, HOST:port, or a literal address with or without a port."""
    text = text.strip()
    name, port = _split_port(text)
    if (address := _literal(name)) is not None:
        return End(port=port, address=address)
    host = host_in(name)
    if host is None or (port is not None and not 0 < port < 65536):
        return None
    return End(host, port)


def _split_port(text: str) -> tuple[str, int | None]:
    bracketed = re.fullmatch(r"\[([^\]]+)\](?::(\d{1,5}))?", text)
    if bracketed is not None:
        return bracketed.group(1), int(bracketed.group(2)) if bracketed.group(2) else None
    name, colon, port = text.rpartition(":")
    if colon and ":" not in name and re.fullmatch(r"\d{1,5}", port, re.ASCII):
        return name, int(port)
    return text, None


def _literal(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def flow_in(text: str) -> Flow | None:
    """A FLOW in plain text, None when it is none."""
    parts = _ARROW.split(f" {text.strip()} ")
    if len(parts) != 3:
        return None
    source, target = end_in(parts[0]), end_in(parts[2])
    if source is None or target is None:
        return None
    return Flow(source, target, parts[1] == "<->")


def flow(node: Node, problems: Problems) -> Flow | None:
    """One FLOW."""
    text = text_of(node, problems, FLOW_FORM)
    if text is None:
        return None
    found = flow_in(text.value)
    if found is None:
        problems.add(text.place, "this is no flow", text.value, FLOW_FORM)
    return found


def flows(node: Node, problems: Problems) -> Flows | None:
    """A FLOW or a list of them."""
    if not isinstance(node, Items):
        single = flow(node, problems)
        return None if single is None else (single,)
    found = [flow(item, problems) for item in node.items]
    if not found:
        problems.add(node.place, "an empty list of flows", accepted=FLOW_FORM)
        return None
    good = tuple(each for each in found if each is not None)
    return good if len(good) == len(found) else None


def regex(node: Node, problems: Problems) -> str | None:
    """A REGEX as written; names in it stand for text that needs no escaping."""
    text = text_of(node, problems, "a regular expression")
    if text is None:
        return None
    try:
        re.compile(_NAME.sub("x", text.value))
    except (re.error, RecursionError, OverflowError) as error:
        problems.add(text.place, f"not a regular expression: {error}", text.value, "Python's re")
        return None
    return text.value


def payload_hex(node: Node, problems: Problems) -> bytes | None:
    """Bytes written as hexadecimal digits, blanks free."""
    text = text_of(node, problems, "hexadecimal digits")
    if text is None:
        return None
    digits = re.sub(r"\s+", "", text.value)
    if not re.fullmatch(r"(?:[0-9a-fA-F]{2})*", digits):
        problems.add(text.place, "these are no bytes", text.value, "pairs of hexadecimal digits")
        return None
    return bytes.fromhex(digits)


def pattern_hex(node: Node, problems: Problems) -> tuple[int | None, ...] | None:
    """Bytes written as hexadecimal digits, ``xx`` for any byte."""
    text = text_of(node, problems, "hexadecimal digits, xx for any byte")
    if text is None:
        return None
    digits = re.sub(r"\s+", "", text.value).lower()
    if not digits or not re.fullmatch(r"(?:[0-9a-f]{2}|xx)+", digits):
        accepted = "pairs of hexadecimal digits, xx for any byte"
        problems.add(text.place, "these are no bytes", text.value, accepted)
        return None
    pairs = (digits[index : index + 2] for index in range(0, len(digits), 2))
    return tuple(None if pair == "xx" else int(pair, 16) for pair in pairs)
