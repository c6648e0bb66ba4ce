"""``measure`` and the range that ``is`` compares it with, in the measure's own unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, cast

from harness.scenario.document import Node
from harness.scenario.flows import flows, is_flows
from harness.scenario.model import Measure
from harness.scenario.patterns import pattern
from harness.scenario.reading import Fields, Reading
from harness.scenario.values import durations, numbers, rates, share, shares
from harness.scenario.vocabulary import MEASURE_KINDS, names
from harness.scenario.words import MEASURE_BESIDE
from harness.units import Range

Word = Literal[
    "loss", "duplicates", "reordering", "share", "latency", "time", "jitter", "goodput", "value"
]
OF_FLOWS: Final = frozenset({"loss", "duplicates", "latency", "jitter", "goodput"})
_UNITS: Final[dict[str, Callable[[Reading, Node], Range | None]]] = {
    "latency": durations,
    "time": durations,
    "jitter": durations,
    "goodput": rates,
    "value": numbers,
}


def measure(reading: Reading, node: Node) -> Measure | None:
    """What is measured."""
    fields = reading.fields(node, "measure")
    kind = fields.one_of(names(MEASURE_KINDS), "measure") if fields is not None else None
    if fields is None or kind is None:
        return None
    fields.only(MEASURE_BESIDE[kind], kind)
    quantile = fields.get("quantile", share)
    extra: dict[str, Any] = {} if quantile is None else {"quantile": quantile}
    for key in set(MEASURE_BESIDE[kind]) & {"per", "to"}:
        extra[key] = fields.get(key, pattern) if fields.need(key) else None
        if extra[key] is None:
            return None
    return _of(fields, kind, extra)


def _of(fields: Fields, kind: str, extra: dict[str, Any]) -> Measure | None:
    node = fields.node(kind)
    word = cast("Word", kind)
    if kind in OF_FLOWS or (kind == "reordering" and node is not None and is_flows(node)):
        over = fields.get(kind, flows)
        return Measure(word, flows=over, **extra) if over is not None else None
    matched = fields.get(kind, pattern)
    return Measure(word, pattern=matched, **extra) if matched is not None else None


def measured_range(reading: Reading, node: Node, kind: str) -> Range | None:
    """``is``: nanoseconds, bits per second, numbers, or for the other measures fractions."""
    return _UNITS.get(kind, shares)(reading, node)
