"""The AST back in the language's own notation, on one line; for ``explain`` and reports.

What is written here reads back as the same value, as far as the language can say it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from harness.scenario.model import (
    AtMark,
    AtPattern,
    AtTime,
    During,
    Either,
    Flows,
    GilbertElliott,
    Instant,
    Loss,
    Measure,
    PacketList,
    Pattern,
    Plain,
    Sequence,
    Single,
)
from harness.units import Range, format_duration, format_range, format_rate, format_share

_BARE: Final = re.compile(r"[^\[\]{},&*!|>'\"%@`#?:\s-][^\[\]{},:#?'\"]*")


def quoted(text: str) -> str:
    """The text as a scalar in flow style, in single quotes where it needs them."""
    if _BARE.fullmatch(text) and text == text.strip():
        return text
    return "'" + text.replace("'", "''") + "'"


def show_count(bounds: Range) -> str:
    """A RANGE of whole numbers."""
    return format_range(bounds, str)


def show_time(bounds: Range) -> str:
    """A RANGE of durations."""
    return format_range(bounds, format_duration)


def show_window(bounds: Range) -> str:
    """``within``: never a single value, which would be a limit."""
    low = "" if bounds.low is None else f"{format_duration(int(bounds.low))} "
    high = "" if bounds.high is None else f" {format_duration(int(bounds.high))}"
    return f"{low}..{high}"


def show_flows(flows: Flows) -> str:
    """A FLOW, or a list of them."""
    shown = [str(flow) for flow in flows]
    return shown[0] if len(shown) == 1 else f"[{', '.join(shown)}]"


def show_loss(loss: Loss) -> str:
    """A loss as written in a link."""
    if isinstance(loss, PacketList):
        return f"{{packets: [{', '.join(show_count(each) for each in loss.positions)}]}}"
    if isinstance(loss, GilbertElliott):
        words = ("enter", "leave", "bad", "good")
        parts = (f"{word}: {format_share(getattr(loss, word))}" for word in words)
        return f"{{{', '.join(parts)}}}"
    return format_share(loss)


def show_pattern(pattern: Pattern) -> str:
    """A PATTERN."""
    if isinstance(pattern, Sequence):
        return f"[{', '.join(map(show_pattern, pattern.patterns))}]"
    if isinstance(pattern, Either):
        inner = ", ".join(map(show_pattern, pattern.patterns))
        parts = [f"either: [{inner}]", *_position(pattern)]
    else:
        subject = show_flows(pattern.flows) if pattern.flows else str(pattern.host)
        parts = [f"{pattern.kind.value}: {subject}", *_refinements(pattern), *_position(pattern)]
    return f"{{{', '.join(parts)}}}"


def _refinements(pattern: Single) -> Iterator[str]:
    if pattern.says is not None:
        yield f"says: {quoted(pattern.says)}"
    if pattern.hex is not None:
        yield "hex: " + " ".join("xx" if byte is None else f"{byte:02x}" for byte in pattern.hex)
    if pattern.size is not None:
        yield "size: " + format_range(pattern.size, lambda size: f"{size}B")
    if pattern.reason is not None:
        yield f"reason: {pattern.reason}"
    if isinstance(pattern.code, str):
        yield f"code: {pattern.code}"
    elif pattern.code is not None:
        yield f"code: {show_count(pattern.code)}"
    if pattern.stream is not None:
        yield f"stream: {pattern.stream}"


def _position(pattern: Single | Either) -> Iterator[str]:
    if pattern.nth is not None:
        yield f"nth: {'last' if pattern.nth == -1 else pattern.nth}"
    if pattern.plus_ns:
        yield f"plus: {format_duration(pattern.plus_ns)}"


def show_instant(instant: Instant) -> str:
    """An INSTANT."""
    match instant:
        case AtTime(at_ns):
            return format_duration(at_ns)
        case AtPattern(pattern):
            return show_pattern(pattern)
        case AtMark():
            index = "" if instant.index is None else f"-{instant.index}"
            name = f"{instant.mark}{index}{'.end' if instant.end else ''}"
            if not instant.plus_ns:
                return name
            sign = "-" if instant.plus_ns < 0 else "+"
            return f"{name} {sign} {format_duration(abs(instant.plus_ns))}"


def show_during(during: During) -> str:
    """A stretch of the run."""
    low = "" if during.start is None else f"{show_instant(during.start)} "
    high = "" if during.end is None else f" {show_instant(during.end)}"
    return f"{low}..{high}"


def show_measure(measure: Measure) -> str:
    """A measure with its parameters."""
    if measure.flows:
        subject = show_flows(measure.flows)
    else:
        subject = show_pattern(measure.pattern) if measure.pattern is not None else ""
    parts = [f"{measure.kind}: {subject}"]
    if measure.per is not None:
        parts.append(f"per: {show_pattern(measure.per)}")
    if measure.to is not None:
        parts.append(f"to: {show_pattern(measure.to)}")
    if measure.kind in ("latency", "time", "value"):
        parts.append(f"quantile: {format_share(measure.quantile)}")
    return f"{{{', '.join(parts)}}}"


def show_bounds(measure: Measure, bounds: Range) -> str:
    """``is`` in the unit of its measure."""
    if measure.is_share:
        return format_range(bounds, format_share)
    if measure.kind in ("latency", "time", "jitter"):
        return show_time(bounds)
    if measure.kind == "goodput":
        return format_range(bounds, format_rate)
    return format_range(bounds, _number)


def _number(value: int | Fraction) -> str:
    return f"{float(value):g}"


def show_plain(plain: Plain) -> str:
    """A plain check as a mapping in flow style."""
    return f"{{{', '.join(_words(plain))}}}"


def _words(plain: Plain) -> Iterator[str]:
    if plain.ids is not None:
        yield f"each: number {show_count(plain.ids)} as id, at zero"
    if plain.anchor is not None:
        yield f"{plain.anchor.word}: {show_instant(plain.anchor.instant)}"
    if plain.measure is not None:
        yield f"measure: {show_measure(plain.measure)}"
        if plain.bounds is not None:
            yield f"is: {show_bounds(plain.measure, plain.bounds)}"
    elif plain.pattern is not None:
        yield f"{plain.kind}: {show_pattern(plain.pattern)}"
    if plain.outside_ids is not None:
        yield f"with an id outside {show_count(plain.outside_ids)}"
    if plain.within is not None:
        yield f"within: {show_window(plain.within)}"
    if plain.unless is not None:
        yield f"unless: {show_pattern(plain.unless)}"
    if plain.during is not None:
        yield f"during: {show_during(plain.during)}"
    if plain.count is not None:
        yield f"count: {show_count(plain.count)}"
