"""Every impairment and the direction that joins them keep the contract; and it can be broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest

from harness.link.backlog import Backlog
from harness.link.corrupt import Corrupt
from harness.link.cut import Cut
from harness.link.delay import Delay
from harness.link.direction import Direction
from harness.link.duplicate import Duplicate
from harness.link.fate import Conditions, Fate, Fates, GilbertElliottLoss, Packet, PacketLoss
from harness.link.flip import Flip
from harness.link.gilbert_elliott import GilbertElliott
from harness.link.impairment import Draws, Passage
from harness.link.limit import Limit
from harness.link.loss import Loss
from harness.link.nothing import Nothing
from harness.link.packet_list import PacketList
from harness.link.rate import Rate
from harness.link.reorder import Reorder
from harness.testing.impairments import ContractBroken, Subject, check_direction, check_impairment

FIFTH = Fraction(1, 5)


def crowded() -> Backlog:
    """A queue in which three packets wait, the last until 100 ms."""
    backlog = Backlog()
    for departs_ns in (50_000_000, 60_000_000, 100_000_000):
        backlog.join(departs_ns, now_ns=0)
    return backlog


SUBJECTS = {
    "cut": Subject(lambda draws: Cut(), Conditions(cut=True)),
    "duplicate": Subject(Duplicate, Conditions(duplicate=FIFTH), "duplicate"),
    "loss": Subject(Loss, Conditions(loss=FIFTH), "loss"),
    "gilbert-elliott": Subject(
        GilbertElliott,
        Conditions(loss=GilbertElliottLoss(FIFTH, Fraction(1, 3), Fraction(1), Fraction(0))),
        "loss",
    ),
    "packet list": Subject(
        lambda draws: PacketList(), Conditions(loss=PacketLoss([(3, 5), (390, None)]))
    ),
    "corrupt": Subject(Corrupt, Conditions(corrupt=FIFTH), "corrupt"),
    "flip": Subject(Flip, Conditions(flip=FIFTH), "flip"),
    "limit": Subject(lambda draws: Limit(crowded()), Conditions(limit=2)),
    "reorder": Subject(Reorder, Conditions(reorder=FIFTH, gap=3), "reorder"),
    "delay": Subject(Delay, Conditions(delay_ns=5_000_000, jitter_ns=9_000_000), "delay"),
    "rate": Subject(lambda draws: Rate(crowded()), Conditions(rate_bps=1_000_000)),
}


@pytest.mark.parametrize("name", SUBJECTS)
def test_every_impairment_keeps_the_contract(name: str) -> None:
    check_impairment(SUBJECTS[name])


def test_the_direction_keeps_the_contract() -> None:
    check_direction(Direction)


def test_doing_nothing_takes_no_part() -> None:
    nothing = Nothing()
    passage = Passage(Packet(1, 10, 52), now_ns=7, copy=0)
    nothing.meet(passage)
    assert not nothing.adopt(Conditions(cut=True, loss=Fraction(1)))
    assert (passage.copies, passage.drop, passage.delay_ns, passage.settled) == (1, None, 0, False)


class Stubborn(Loss):
    """Does not switch off."""

    def adopt(self, conditions: Conditions) -> bool:
        super().adopt(conditions)
        return True


class Thief(Loss):
    """Draws from a stream that is not its own."""

    def __init__(self, draws: Draws) -> None:
        super().__init__(draws)
        self._foreign = draws("delay")

    def meet(self, passage: Passage) -> None:
        self._foreign()
        super().meet(passage)


class Glutton(Loss):
    """Draws more for one copy than a position has."""

    def meet(self, passage: Passage) -> None:
        self._draw[0]()
        self._draw[0]()
        super().meet(passage)


class Swallower(Loss):
    """Makes copies vanish without a reason."""

    def meet(self, passage: Passage) -> None:
        passage.copies = 0


class Meddler(Loss):
    """Looks at a fault that is not its own."""

    def adopt(self, conditions: Conditions) -> bool:
        return super().adopt(replace(conditions, loss=conditions.loss + conditions.flip))  # type: ignore[operator]


class Unseeded(Loss):
    """Loses the same packets whatever the seed."""

    def meet(self, passage: Passage) -> None:
        self._draw[passage.copy]()
        if passage.position % 5 == 0:
            passage.copies = 0
            passage.lose("loss")


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (Stubborn, "takes part with everything off"),
        (Thief, "draws from"),
        (Glutton, "numbers for one copy"),
        (Swallower, "seed makes no difference"),
        (Meddler, "other faults change"),
        (Unseeded, "seed makes no difference"),
    ],
)
def test_a_broken_impairment_is_named(broken: Callable[[Draws], Loss], complaint: str) -> None:
    with pytest.raises(ContractBroken, match=complaint):
        check_impairment(Subject(broken, Conditions(loss=FIFTH), "loss"))


def test_a_vanishing_packet_is_named() -> None:
    class Quiet(Cut):
        def meet(self, passage: Passage) -> None:
            passage.copies = 0

    with pytest.raises(ContractBroken, match="vanishes"):
        check_impairment(Subject(lambda draws: Quiet(), Conditions(cut=True)))


class Forgetful(Direction):
    """Loses the account of what it drops."""

    def decide(self, packet: Packet, now_ns: int, conditions: Conditions) -> Fates:
        return tuple(fate for fate in super().decide(packet, now_ns, conditions) if not fate.drop)


class Hasty(Direction):
    """Delivers before the sending."""

    def decide(self, packet: Packet, now_ns: int, conditions: Conditions) -> Fates:
        fates = super().decide(packet, now_ns, conditions)
        return tuple(Fate(f.at_ns - conditions.jitter_ns, f.drop, f.copy, f.bit) for f in fates)


class OneStream(Direction):
    """Has one stream for all faults."""

    def __init__(self, name: str, draws: Draws) -> None:
        shared = draws("loss")
        super().__init__(name, lambda _: shared)


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (Forgetful, "not one fate for each copy"),
        (Hasty, "before the sending"),
        (OneStream, "draws other numbers"),
    ],
)
def test_a_broken_direction_is_named(
    broken: Callable[[str, Draws], Direction], complaint: str
) -> None:
    with pytest.raises(ContractBroken, match=complaint):
        check_direction(broken)
