"""What a scenario means, in lines of text: the answer of ``harness explain``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from harness.scenario.model import AtTime, Host, LinkFields, LinkRule, Scenario, Step
from harness.scenario.notation import show_instant, show_loss, show_pattern
from harness.units import format_duration, format_rate, format_share, format_size

Expansion = Callable[[Scenario], list[tuple[str, list[str]]]]


def explained(variants: Sequence[Scenario], expansion: Expansion) -> Iterator[str]:
    """The lines for one file; ``expansion`` gives each check's plain checks in notation."""
    first = variants[0]
    yield first.claim
    if first.about:
        yield f"  {first.about}"
    yield ""
    if len(variants) > 1:
        yield f"variants ({len(variants)}; the first is shown below)"
        yield from (f"  {variant.variant}" for variant in variants)
        yield ""
    yield from _hosts(first)
    yield from _section("links", [_rule(rule) for rule in first.links])
    yield from _section("timeline", [_step(step) for step in first.timeline])
    yield "checks"
    for name, parts in expansion(first):
        yield f"  {name}"
        yield from (f"    {part}" for part in parts)
    mutants = [f"{each.name}: breaks {', '.join(each.breaks)}" for each in first.mutants]
    yield ""
    yield from _section("mutants", mutants)


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield title
        yield from (f"  {line}" for line in lines)
        yield ""


def _hosts(scenario: Scenario) -> Iterator[str]:
    until = scenario.until
    if isinstance(until, AtTime):
        yield f"runs for {format_duration(until.at_ns)}"
    else:
        latest = format_duration(scenario.deadline_ns)
        yield f"runs until {show_instant(until)}, at most {latest}"
    yield ""
    yield from _section("hosts", [_host(host) for host in scenario.hosts.values()])


def _host(host: Host) -> str:
    name = host.name if host.count is None else f"{host.name} × {host.count}"
    return f"{name}: {' '.join(host.run) if host.run else 'silent'}"


def _rule(rule: LinkRule) -> str:
    return f"{rule.text}: {', '.join(_fields(rule.fields)) or 'nothing'}"


def _fields(fields: LinkFields) -> Iterator[str]:
    if fields.delay_ns is not None:
        yield f"delay {format_duration(fields.delay_ns)}"
    if fields.jitter_ns is not None:
        yield f"jitter ± {format_duration(fields.jitter_ns)}"
    if fields.loss is not None:
        yield f"loss {show_loss(fields.loss)}"
    for word in ("duplicate", "reorder", "corrupt", "flip"):
        share = getattr(fields, word)
        if share is not None:
            yield f"{word} {format_share(share)}"
    if fields.gap is not None:
        yield f"gap {fields.gap}"
    if fields.rate_bps is not None:
        yield f"rate {format_rate(fields.rate_bps)}"
    if fields.limit is not None:
        yield f"limit {fields.limit} datagrams"
    if fields.mtu_bytes is not None:
        yield f"mtu {format_size(fields.mtu_bytes)}"


def _step(step: Step) -> str:
    """When, what, for how long, under which name; in the scenario's own notation."""
    return ", ".join(_step_parts(step))


def _step_parts(step: Step) -> Iterator[str]:
    if step.at is not None:
        yield f"at: {show_instant(step.at)}"
    if step.each is not None:
        yield f"each: {show_pattern(step.each)}"
    if step.every_ns is not None:
        yield f"every: {format_duration(step.every_ns)}"
    if step.times is not None:
        yield f"times: {step.times}"
    if step.action is not None:
        yield step.text
    if step.lasts_ns is not None:
        yield f"for: {format_duration(step.lasts_ns)}"
    if step.until is not None:
        yield f"until: {show_instant(step.until)}"
    if step.mark:
        yield f"mark: {step.mark}"
