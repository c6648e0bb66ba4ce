"""HOST and FLOW words to values.

Whether a host exists is not decided here; the declared names are only asked to tell a member
``client-3`` from a host of that very name.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from harness.scenario.document import Items, Node, Table, Text
from harness.scenario.model import End, Flow, Flows, HostRef, Whose
from harness.scenario.reading import Reading, accepts

HOST_NAME: Final = r"[a-z0-9_][a-z0-9_-]*"
_HOST: Final = re.compile(rf"(?:(any|other)\s+)?({HOST_NAME})", re.ASCII)
_MEMBER: Final = re.compile(r"(.+)-([1-9]\d{0,8})", re.ASCII)
_ARROW: Final = re.compile(r"\s+(<->|->)\s+|(<->|->)")
_BRACKETED: Final = re.compile(r"\[([^\[\]]*)\](?::(.+))?")


def host(reading: Reading, node: Node) -> HostRef | None:
    """A HOST word."""
    found = reading.text(node, "host")
    return host_word(reading, found, found.value) if found is not None else None


def host_word(reading: Reading, node: Text, word: str) -> HostRef | None:
    """A HOST word that is part of ``node``."""
    word = word.strip()
    if word == "any":
        return HostRef(whose=Whose.ALL)
    match = _HOST.fullmatch(word)
    if match is None or match.group(2) in ("any", "other"):
        reading.refuse(node.place, "is no host", word, accepts("host"), reading.hosts)
        return None
    whose = Whose(match.group(1) or "each")
    name, member = _member_of(reading, match.group(2))
    return HostRef(name, member, whose)


def _member_of(reading: Reading, name: str) -> tuple[str, int | None]:
    match = _MEMBER.fullmatch(name)
    if name in reading.hosts or match is None or match.group(1) not in reading.hosts:
        return name, None
    return match.group(1), int(match.group(2))


def flow(reading: Reading, node: Node) -> Flow | None:
    """One FLOW."""
    found = reading.text(node, "flow")
    if found is None:
        return None
    parts = _ARROW.split(found.value.strip())
    if len(parts) != 4 or not parts[0].strip() or not parts[3].strip():
        reading.refuse(found.place, "is no flow", found.value, accepts("flow"))
        return None
    source, target = _end(reading, found, parts[0]), _end(reading, found, parts[3])
    if source is None or target is None:
        return None
    return Flow(source, target, both="<->" in (parts[1], parts[2]))


def flows(reading: Reading, node: Node) -> Flows | None:
    """One FLOW or a list of them."""
    if isinstance(node, Table):
        reading.refuse(node.place, "a mapping where a flow belongs", "", accepts("flows"))
        return None
    return reading.each(node, flow)


def is_flows(node: Node) -> bool:
    """Whether a node can only be a flow or a list of flows, not a pattern."""
    if isinstance(node, Items):
        return all(isinstance(item, Text) for item in node.items)
    return isinstance(node, Text)


def _end(reading: Reading, node: Text, word: str) -> End | None:
    word = word.strip()
    literal = _literal(word)
    if literal is not None:
        address, port_text = literal
        port = _port(reading, node, port_text)
        return End(HostRef(), port, address) if port != 0 else None
    name, colon, port_text = word.partition(":")
    named = host_word(reading, node, name)
    port = _port(reading, node, port_text if colon else None)
    return End(named, port) if named is not None and port != 0 else None


def _literal(word: str) -> tuple[str, str | None] | None:
    """Address and port text of ``224.0.0.251:5353``, ``[ff02::fb]:5353`` or a bare address."""
    bracketed = _BRACKETED.fullmatch(word)
    if bracketed is not None:
        return (bracketed.group(1), bracketed.group(2)) if _is_address(bracketed.group(1)) else None
    if _is_address(word):
        return word, None
    address, colon, port = word.rpartition(":")
    return (address, port) if colon and "." in address and _is_address(address) else None


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def _port(reading: Reading, node: Text, text: str | None) -> int | None:
    """A port, None where there is none, 0 after a Problem."""
    if text is None:
        return None
    digits = text.strip()
    if re.fullmatch(r"\d{1,5}", digits, re.ASCII) and 1 <= int(digits) <= 65_535:
        return int(digits)
    reading.refuse(node.place, "is no port", text, accepts("port"))
    return 0
