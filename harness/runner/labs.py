"""The labs by name, and what ``auto`` chooses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.errors import UsageFault
from harness.labs.base import Lab, Refusal
from harness.scenario.model import Scenario


def _loopback() -> Lab:
    from harness.labs.loopback.lab import LoopbackLab

    return LoopbackLab()


LABS: dict[str, Callable[[], Lab]] = {"loopback": _loopback}
"""Every lab of this version, fastest first; ``auto`` takes the first that refuses nothing."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The lab that will run a scenario (None: no lab can), why, and what it or they refused."""

    lab: Lab | None
    reason: str
    refusals: tuple[Refusal, ...] = ()


def known(name: str) -> str:
    """The name itself, if it is a lab or ``auto``; else UsageFault with what is accepted."""
    if name != "auto" and name not in LABS:
        accepted = ", ".join(["auto", *LABS])
        raise UsageFault(f"--lab {name}: there is no such lab; accepted: {accepted}")
    return name


def choose(name: str, variants: tuple[Scenario, ...]) -> Choice:
    """The lab for all variants of a file."""
    names = list(LABS) if name == "auto" else [known(name)]
    refused: list[Refusal] = []
    for each in names:
        lab = LABS[each]()
        refusals = [refusal for variant in variants for refusal in lab.refusals(variant)]
        if not refusals:
            why = "the fastest lab that can honour it" if name == "auto" else "as asked"
            return Choice(lab, why)
        refused += refusals
    return Choice(None, "no lab can honour it", tuple(dict.fromkeys(refused)))
