"""What a check needs to see that the lab could not: then it is skipped, never passed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.checks.bindings import singles_of
from harness.checks.measures import needed_kinds
from harness.scenario.model import Kind, Plain, Single


def blind_spot(plain: Plain, blind: Mapping[str, str]) -> str:
    """Why the lab cannot see what a check rests on; empty where it can."""
    if not blind:
        return ""
    return next((why for key, why in blind.items() if key in set(_needs(plain, blind))), "")


def _needs(plain: Plain, blind: Mapping[str, str]) -> Iterator[str]:
    """The keys of ``blind`` that would concern a check: kinds, and kinds with a reason or code."""
    if plain.measure is not None:
        yield from (kind.value for kind in needed_kinds(plain.measure))
    for single in singles_of(plain):
        yield single.kind.value
        yield from _narrower(single, blind)


def _narrower(single: Single, blind: Mapping[str, str]) -> Iterator[str]:
    """A pattern that names no reason rests on every one of them."""
    narrow = single.reason if single.kind is Kind.DROPPED else single.code
    if isinstance(narrow, str):
        yield f"{single.kind.value}:{narrow}"
        return
    yield from (key for key in blind if key.startswith(f"{single.kind.value}:"))
