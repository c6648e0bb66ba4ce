"""Golden tests: which numbers are drawn, in which order, and what they decide.

One scripted list serves every stream, as one generator serves all of netem, so a draw too many,
too few or out of order changes the outcome or leaves a number over.
"""

from __future__ import annotations

from fractions import Fraction

from harness.link.direction import Direction
from harness.link.fate import Conditions, Fate, Fates, GilbertElliottLoss, Packet, PacketLoss
from harness.link.impairment import FULL, Draw

HIT, MISS = 0, FULL
HALF = Fraction(1, 2)
MS = 1_000_000


class Script:
    """Gives out the listed numbers and notes who asked."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = list(numbers)
        self.asked: list[str] = []

    def __call__(self, name: str) -> Draw:
        def draw() -> int:
            self.asked.append(name)
            return self.numbers.pop(0)

        return draw


def decide(conditions: Conditions, *numbers: int, now_ns: int = 0) -> tuple[Fates, list[str]]:
    """The fates of one 100 byte datagram; all of the numbers must be used."""
    script = Script(*numbers)
    fates = Direction("a>b", script).decide(Packet(1, 100, 142), now_ns, conditions)
    assert not script.numbers
    return fates, script.asked


ALL = Conditions(
    delay_ns=10 * MS,
    jitter_ns=2 * MS,
    loss=HALF,
    duplicate=HALF,
    reorder=HALF,
    gap=1,
    corrupt=HALF,
    flip=HALF,
    limit=100,
)


def test_an_unharmed_packet_asks_everyone_in_netems_order() -> None:
    fates, asked = decide(ALL, MISS, MISS, MISS, MISS, MISS, 1 * MS)
    assert asked == ["duplicate", "loss", "corrupt", "flip", "reorder", "delay"]
    assert fates == (Fate(9 * MS),)


def test_a_lost_packet_asks_nobody_further() -> None:
    fates, asked = decide(ALL, MISS, HIT)
    assert asked == ["duplicate", "loss"]
    assert fates == (Fate(0, "loss"),)


def test_a_clone_passes_through_everything_before_its_original_is_scheduled() -> None:
    fates, asked = decide(
        ALL, HIT, MISS, MISS, MISS, MISS, MISS, MISS, MISS, 3 * MS, MISS, 0, now_ns=50
    )
    assert asked == [
        *("duplicate", "loss", "corrupt", "flip"),
        *("loss/clone", "corrupt/clone", "flip/clone", "reorder/clone", "delay/clone"),
        *("reorder", "delay"),
    ]
    assert fates == (Fate(50 + 11 * MS, copy=1), Fate(50 + 8 * MS))


def test_a_clone_can_be_lost_alone() -> None:
    fates, _ = decide(Conditions(duplicate=HALF, loss=HALF), HIT, MISS, HIT)
    assert fates == (Fate(0, "loss", copy=1), Fate(0))


def test_a_clone_is_made_before_the_damage() -> None:
    fates, _ = decide(Conditions(duplicate=HALF, corrupt=HALF), HIT, HIT, MISS)
    assert fates == (Fate(0, copy=1), Fate(0, "corrupt"))


def test_duplicate_and_loss_cancel_out() -> None:
    fates, asked = decide(Conditions(duplicate=HALF, loss=HALF), HIT, HIT)
    assert asked == ["duplicate", "loss"]
    assert fates == (Fate(0),)


def test_bursty_loss_cancels_with_duplicate_as_well() -> None:
    bursts = GilbertElliottLoss(HALF, HALF, HALF, HALF)
    fates, _ = decide(Conditions(duplicate=HALF, loss=bursts), HIT, MISS, HIT)
    assert fates == (Fate(0),)


def test_a_listed_position_is_lost_even_when_a_duplicate_is_due() -> None:
    fates, _ = decide(Conditions(duplicate=HALF, loss=PacketLoss([(1, 1)])), HIT)
    assert fates == (Fate(0, "loss"),)


def test_a_cut_drops_before_anything_is_drawn() -> None:
    fates, asked = decide(Conditions(cut=True, loss=HALF, duplicate=HALF, delay_ns=MS), now_ns=7)
    assert asked == []
    assert fates == (Fate(7, "cut"),)


def test_a_corrupt_copy_travels_to_the_far_end() -> None:
    fates, _ = decide(Conditions(corrupt=HALF, delay_ns=10 * MS), HIT)
    assert fates == (Fate(10 * MS, "corrupt"),)


def test_a_corrupt_copy_is_not_flipped_as_well() -> None:
    fates, asked = decide(Conditions(corrupt=HALF, flip=HALF), HIT)
    assert asked == ["corrupt"]
    assert fates == (Fate(0, "corrupt"),)


def test_a_flip_names_a_bit_of_the_payload() -> None:
    fates, asked = decide(Conditions(flip=HALF), HIT, 805)
    assert asked == ["flip", "flip"]
    assert fates == (Fate(0, bit=5),)


def test_an_empty_payload_is_never_flipped() -> None:
    script = Script()
    fates = Direction("a>b", script).decide(Packet(1, 0, 42), 0, Conditions(flip=Fraction(1)))
    assert fates == (Fate(0),)


def test_a_reordered_packet_goes_past_delay_and_rate() -> None:
    conditions = Conditions(delay_ns=10 * MS, jitter_ns=MS, rate_bps=8, reorder=HALF)
    fates, asked = decide(conditions, HIT, now_ns=3)
    assert asked == ["reorder"]
    assert fates == (Fate(3),)


def test_a_full_queue_takes_the_clone_along() -> None:
    script = Script(MISS, HIT)
    direction = Direction("a>b", script)
    full = Conditions(duplicate=HALF, delay_ns=MS, limit=1)
    direction.decide(Packet(1, 10, 52), 0, full)
    fates = direction.decide(Packet(2, 10, 52), 1, full)
    assert fates == (Fate(1, "queue", copy=1), Fate(1, "queue"))


def test_a_clone_is_queued_before_its_original_and_takes_its_share_of_the_rate() -> None:
    # 142 bytes at 1136 bit/s take a second each.
    fates, _ = decide(Conditions(duplicate=HALF, rate_bps=1136), HIT)
    assert fates == (Fate(1000 * MS, copy=1), Fate(2000 * MS))


def test_a_threshold_is_met_by_equal_numbers_and_not_by_the_next() -> None:
    # rint(0.5 * (2^32 - 1)) is even: 2^31.
    assert decide(Conditions(loss=HALF), 1 << 31)[0][0].drop == "loss"
    assert decide(Conditions(loss=HALF), (1 << 31) + 1)[0][0].drop is None


def test_certainty_loses_on_every_number() -> None:
    assert decide(Conditions(loss=Fraction(1)), FULL)[0][0].drop == "loss"


def test_a_packet_given_as_clone_is_not_duplicated() -> None:
    script = Script()
    packet = Packet(1, 10, 52, clone=True)
    fates = Direction("a>b", script).decide(packet, 0, Conditions(duplicate=Fraction(1)))
    assert fates == (Fate(0, copy=1),)


def test_without_conditions_a_packet_arrives_at_once() -> None:
    assert decide(Conditions(), now_ns=5)[0] == (Fate(5),)
