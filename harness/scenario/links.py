"""``links``: flows to link fields, and the named profiles they may start from."""

from __future__ import annotations

from dataclasses import fields as fields_of
from dataclasses import replace
from functools import partial
from typing import Final

from harness.scenario.document import Items, Node, Table, Text
from harness.scenario.flows import flow
from harness.scenario.model import (
    GilbertElliott,
    LinkFields,
    LinkRule,
    Loss,
    PacketList,
)
from harness.scenario.profiles import PROFILES
from harness.scenario.reading import Reading, accepts
from harness.scenario.values import count, counts, duration, rate, share, size, word
from harness.units import Range

MIN_MTU_BYTES: Final = 68
"""What every module must be able to forward whole (RFC 791, section 3.2)."""
MAX_LIMIT: Final = 1_000_000


def links(reading: Reading, node: Node) -> tuple[LinkRule, ...]:
    """The rules that are sound, in file order."""
    table = reading.table(node, "links")
    if table is None:
        return ()
    rules = (_rule(reading, key, value) for key, value in table.entries)
    return tuple(rule for rule in rules if rule is not None)


def _rule(reading: Reading, key: Text, value: Node) -> LinkRule | None:
    over = flow(reading, key)
    read = _profiled(reading, value) if isinstance(value, Text) else _described(reading, value)
    if over is None or read is None:
        return None
    return LinkRule(over, read[0], key.place, " ".join(key.value.split()), read[1])


def _profiled(reading: Reading, node: Text) -> tuple[LinkFields, str] | None:
    name = word(reading, node, PROFILES)
    return (PROFILES[name].fields, name) if name is not None else None


def _described(reading: Reading, node: Node) -> tuple[LinkFields, str] | None:
    fields = reading.fields(node, "link")
    if fields is None:
        return None
    name = fields.get("profile", partial(word, words=PROFILES))
    own = LinkFields(
        delay_ns=fields.get("delay", duration),
        jitter_ns=fields.get("jitter", duration),
        loss=fields.get("loss", _loss),
        duplicate=fields.get("duplicate", share),
        reorder=fields.get("reorder", share),
        gap=fields.get("gap", partial(count, low=1)),
        corrupt=fields.get("corrupt", share),
        flip=fields.get("flip", share),
        rate_bps=fields.get("rate", rate),
        limit=fields.get("limit", partial(count, low=1, high=MAX_LIMIT)),
        mtu_bytes=fields.get("mtu", _mtu),
    )
    return (laid_over(PROFILES[name].fields, own) if name else own), name or ""


def laid_over(below: LinkFields, above: LinkFields) -> LinkFields:
    """``below`` with every field that ``above`` names replaced."""
    named = {f.name: getattr(above, f.name) for f in fields_of(above)}
    return replace(below, **{name: value for name, value in named.items() if value is not None})


def _mtu(reading: Reading, node: Node) -> int | None:
    found = size(reading, node)
    if found is None or found >= MIN_MTU_BYTES:
        return found
    reading.refuse(node.place, "no IP packet is so small", f"{found}B", f"{MIN_MTU_BYTES}B or more")
    return None


def _loss(reading: Reading, node: Node) -> Loss | None:
    if isinstance(node, Text):
        return share(reading, node)
    if not isinstance(node, Table):
        reading.refuse(node.place, "a list where a loss belongs", "", accepts("loss"))
        return None
    by_position = any(key.value == "packets" for key, _ in node.entries)
    return _packets(reading, node) if by_position else _states(reading, node)


def _packets(reading: Reading, node: Table) -> PacketList | None:
    fields = reading.fields(node, "loss list")
    found = fields.get("packets", _positions) if fields is not None else None
    return PacketList(found) if found else None


def _positions(reading: Reading, node: Node) -> tuple[Range, ...] | None:
    if isinstance(node, Items | Text):
        return reading.each(node, partial(counts, low=1))
    reading.refuse(node.place, "a mapping where positions belong", "", accepts("positions"))
    return None


def _states(reading: Reading, node: Table) -> GilbertElliott | None:
    fields = reading.fields(node, "loss states")
    if fields is None or not fields.need("enter", "leave"):
        return None
    enter, leave, bad, good = (fields.get(key, share) for key in ("enter", "leave", "bad", "good"))
    if enter is None or leave is None:
        return None
    states = GilbertElliott(enter, leave)
    states = states if bad is None else replace(states, bad=bad)
    return states if good is None else replace(states, good=good)
