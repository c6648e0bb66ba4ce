"""The contract of the link engine, as checks to hold any impairment or direction to.

Free of any test framework: each check raises :class:`ContractBroken` with what was done and what
was found. It drives what it is given through its public methods only, and knows no impairment by
name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final, Protocol

from harness.link.draws import SHARE, Position, PositionedDraw
from harness.link.fate import Conditions, Fates, GilbertElliottLoss, Packet
from harness.link.impairment import Draw, Draws, Impairment, Passage

PACKETS: Final = 400
SPACING_NS: Final = 700_000
SEEDS: Final = (1, 2)

EVERYTHING: Final = Conditions(
    delay_ns=20_000_000,
    jitter_ns=15_000_000,
    loss=Fraction(1, 5),
    duplicate=Fraction(1, 5),
    reorder=Fraction(1, 5),
    gap=2,
    corrupt=Fraction(1, 5),
    flip=Fraction(1, 5),
    rate_bps=4_000_000,
    limit=30,
)
"""Every fault at once, each often enough to be seen within a few hundred packets."""

ALONE: Final = (
    Conditions(delay_ns=20_000_000),
    Conditions(delay_ns=1_000_000, jitter_ns=5_000_000),
    Conditions(loss=Fraction(1, 5)),
    Conditions(
        loss=GilbertElliottLoss(Fraction(1, 10), Fraction(1, 3), Fraction(4, 5), Fraction(1, 100))
    ),
    Conditions(duplicate=Fraction(1, 5)),
    Conditions(delay_ns=20_000_000, reorder=Fraction(1, 5), gap=2),
    Conditions(corrupt=Fraction(1, 5)),
    Conditions(flip=Fraction(1, 5)),
    Conditions(rate_bps=1_000_000),
    Conditions(rate_bps=1_000_000, limit=5),
    Conditions(cut=True),
)
"""Every fault by itself."""


class ContractBroken(AssertionError):
    """What was held to the contract does not keep it."""


class Decides(Protocol):
    """What a direction must be able to do."""

    def decide(self, packet: Packet, now_ns: int, conditions: Conditions) -> Fates: ...


@dataclass(frozen=True, slots=True)
class Subject:
    """An impairment under test.

    ``on`` are conditions under which it acts, with every field that it reads set. ``stream`` is
    the only stream it may draw from (its clone's apart, ``loss/clone``); empty when it draws
    nothing.
    """

    make: Callable[[Draws], Impairment]
    on: Conditions
    stream: str = ""


@dataclass(slots=True)
class Recorder:
    """Streams that write down what was drawn: ``(stream, position, number)``."""

    seed: int
    position: Position = field(default_factory=Position)
    drawn: list[tuple[str, int, int]] = field(default_factory=list)

    def __call__(self, name: str) -> Draw:
        draw = PositionedDraw(self.seed, f"contract/{name}", self.position)

        def recorded() -> int:
            number = draw()
            self.drawn.append((name, self.position.number, number))
            return number

        return recorded

    def of(self, name: str) -> dict[int, tuple[int, ...]]:
        """What one stream gave, by position."""
        numbers: dict[int, tuple[int, ...]] = {}
        for stream, position, number in self.drawn:
            if stream == name:
                numbers[position] = (*numbers.get(position, ()), number)
        return numbers


Decision = tuple[object, ...]


def check_impairment(subject: Subject) -> None:
    """Hold one impairment to the whole contract."""
    _check_switching(subject)
    _check_repeats(subject)
    _check_streams(subject)
    _check_stays_within(subject)
    _check_others_do_not_matter(subject)


def check_direction(make: Callable[[str, Draws], Decides]) -> None:
    """Hold a direction to the whole contract, under each fault by itself and under all."""
    _check_quiet_when_off(make)
    for conditions in (*ALONE, EVERYTHING):
        _check_fates(make, conditions)
        _check_direction_repeats(make, conditions)
    for conditions in ALONE:
        _check_streams_stand_still(make, conditions)


def packets() -> Iterator[tuple[Packet, int]]:
    """The datagrams that everything is driven with: number, several sizes, a rising clock."""
    for number in range(1, PACKETS + 1):
        payload = (0, 1, 100, 1400)[number % 4]
        yield Packet(number, payload, payload + 42), number * SPACING_NS


def _require(kept: bool, message: str) -> None:  # noqa: FBT001 the claim itself
    if not kept:
        raise ContractBroken(message)


def _driven(subject: Subject, seed: int, conditions: Conditions) -> tuple[list[Decision], Recorder]:
    recorder = Recorder(seed)
    impairment = subject.make(recorder)
    _require(impairment.adopt(conditions), f"it takes no part under {conditions}")
    decisions = []
    for packet, now_ns in packets():
        recorder.position.number = packet.position
        passage = Passage(packet, now_ns, copy=0)
        impairment.meet(passage)
        decisions.append(_decision(passage))
    return decisions, recorder


def _decision(passage: Passage) -> Decision:
    return (passage.copies, passage.drop, passage.delay_ns, passage.bit, passage.settled)


def _check_switching(subject: Subject) -> None:
    recorder = Recorder(SEEDS[0])
    impairment = subject.make(recorder)
    _require(not impairment.adopt(Conditions()), "it takes part with everything off")
    _require(impairment.adopt(subject.on), f"it takes no part under {subject.on}")
    _require(not impairment.adopt(Conditions()), "it stays on when it is switched off")
    _require(not recorder.drawn, "it draws when it takes up conditions")


def _check_repeats(subject: Subject) -> None:
    first, _ = _driven(subject, SEEDS[0], subject.on)
    again, _ = _driven(subject, SEEDS[0], subject.on)
    _require(first == again, "one seed gives two different courses")
    if subject.stream:
        other, _ = _driven(subject, SEEDS[1], subject.on)
        _require(first != other, "the seed makes no difference")


def _check_streams(subject: Subject) -> None:
    _, recorder = _driven(subject, SEEDS[0], subject.on)
    used = {name for name, _, _ in recorder.drawn}
    own = {subject.stream} if subject.stream else set()
    _require(used == own, f"it draws from {sorted(used)}, not from {sorted(own)}")
    most = max((len(numbers) for name in used for numbers in recorder.of(name).values()), default=0)
    _require(most <= SHARE, f"it draws {most} numbers for one copy, more than {SHARE}")


def _check_stays_within(subject: Subject) -> None:
    impairment = subject.make(Recorder(SEEDS[0]))
    impairment.adopt(subject.on)
    for packet, now_ns in packets():
        for copy in (0, 1):
            passage = Passage(packet, now_ns, copy)
            impairment.meet(passage)
            _check_passage(passage, packet, now_ns, copy)


def _check_passage(passage: Passage, packet: Packet, now_ns: int, copy: int) -> None:
    facts = (passage.position, passage.payload_bytes, passage.wire_bytes, passage.now_ns)
    given = (packet.position, packet.payload_bytes, packet.wire_bytes, now_ns)
    _require(facts == given and passage.copy == copy, f"it changes the facts of {packet}")
    most = 1 if copy else 2
    _require(0 <= passage.copies <= most, f"{passage.copies} copies of copy {copy} of {packet}")
    gone = passage.copies == 0
    _require(not gone or (passage.settled and passage.drop is not None), f"{packet} vanishes")
    _require(-1 <= passage.bit < 8 * max(packet.payload_bytes, 1), f"no such bit in {packet}")
    _require(packet.payload_bytes > 0 or passage.bit == -1, f"a bit flipped in empty {packet}")


def _check_others_do_not_matter(subject: Subject) -> None:
    """With other faults in force as well it decides the same about the same packets."""
    alone, _ = _driven(subject, SEEDS[0], subject.on)
    among, _ = _driven(subject, SEEDS[0], _with_everything(subject.on))
    _require(alone == among, "other faults change what it decides")


def _with_everything(conditions: Conditions) -> Conditions:
    """All faults, those of ``conditions`` as they stand there."""
    off = Conditions()
    own = {
        name: getattr(conditions, name)
        for name in Conditions.__slots__
        if getattr(conditions, name) != getattr(off, name)
    }
    return replace(EVERYTHING, **own)


def _course(
    make: Callable[[str, Draws], Decides], seed: int, conditions: Conditions
) -> tuple[list[Fates], Recorder]:
    recorder = Recorder(seed)
    direction = make("alice>server", recorder)
    fates = []
    for packet, now_ns in packets():
        recorder.position.number = packet.position
        fates.append(direction.decide(packet, now_ns, conditions))
    return fates, recorder


def _check_quiet_when_off(make: Callable[[str, Draws], Decides]) -> None:
    fates, recorder = _course(make, SEEDS[0], Conditions())
    _require(not recorder.drawn, "a perfect line draws numbers")
    arrivals = [(each[0].at_ns, each[0].drop, len(each)) for each in fates]
    sent = [(now_ns, None, 1) for _, now_ns in packets()]
    _require(arrivals == sent, "a perfect line does not deliver at once and once")


def _check_fates(make: Callable[[str, Draws], Decides], conditions: Conditions) -> None:
    fates, _ = _course(make, SEEDS[0], conditions)
    for (packet, now_ns), each in zip(packets(), fates, strict=True):
        where = f"{packet} under {conditions}: {each}"
        copies = sorted(fate.copy for fate in each)
        _require(copies in ([0], [0, 1]), f"not one fate for each copy of {where}")
        _require(all(fate.at_ns >= now_ns for fate in each), f"a fate before the sending: {where}")
        bits = 8 * packet.payload_bytes
        _require(all(-1 <= fate.bit < max(bits, 0) for fate in each), f"no such bit: {where}")


def _check_direction_repeats(make: Callable[[str, Draws], Decides], conditions: Conditions) -> None:
    first, recorder = _course(make, SEEDS[0], conditions)
    again, _ = _course(make, SEEDS[0], conditions)
    _require(first == again, f"one seed gives two different courses under {conditions}")
    if recorder.drawn:
        other, _ = _course(make, SEEDS[1], conditions)
        _require(first != other, f"the seed makes no difference under {conditions}")


def _check_streams_stand_still(
    make: Callable[[str, Draws], Decides], conditions: Conditions
) -> None:
    """What a position draws stays the same when every other fault is switched on."""
    _, alone = _course(make, SEEDS[0], conditions)
    _, among = _course(make, SEEDS[0], _with_everything(conditions))
    for name in {name for name, _, _ in alone.drawn}:
        calm, busy = alone.of(name), among.of(name)
        shifted = [n for n in calm.keys() & busy.keys() if not _agree(calm[n], busy[n])]
        _require(not shifted, f"{name} draws other numbers at {sorted(shifted)[:3]}")


def _agree(left: tuple[int, ...], right: tuple[int, ...]) -> bool:
    return all(one == other for one, other in zip(left, right, strict=False))
