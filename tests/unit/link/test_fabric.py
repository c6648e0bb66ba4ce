"""The fabric: positions, streams that stand still, and replay."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from harness.link.draws import SHARE, Position, PositionedDraw
from harness.link.fabric import Fabric, Replay, direction_name
from harness.link.fate import Conditions, Fate, Fates, PacketLoss
from harness.rng import stream

HALF = Fraction(1, 2)
LOSSY = Conditions(loss=HALF)


def send(
    fabric: Fabric | Replay,
    conditions: Conditions = LOSSY,
    pair: tuple[str, str] = ("alice", "server"),
    *,
    now_ns: int = 0,
    port: int | None = None,
) -> Fates:
    return fabric.decide(
        *pair, payload_bytes=10, wire_bytes=52, now_ns=now_ns, conditions=conditions, port=port
    )


def losses(fabric: Fabric, count: int, conditions: Conditions = LOSSY) -> list[bool]:
    return [send(fabric, conditions)[0].drop == "loss" for _ in range(count)]


def test_directions_have_names_and_streams_of_their_own() -> None:
    assert direction_name("alice", "server") == "alice>server"
    assert direction_name("alice", "server", 9999) == "alice>server:9999"
    fabric = Fabric(1)
    up = [send(fabric)[0].drop for _ in range(64)]
    down = [send(fabric, pair=("server", "alice"))[0].drop for _ in range(64)]
    assert up != down


def test_the_order_in_which_directions_are_used_makes_no_difference() -> None:
    alone = losses(Fabric(1), 64)
    fabric, mixed = Fabric(1), []
    for _ in range(64):
        send(fabric, pair=("bob", "server"))
        mixed.append(send(fabric)[0].drop == "loss")
        send(fabric, pair=("server", "alice"))
    assert mixed == alone


def test_the_stream_of_a_direction_is_the_named_one() -> None:
    numbers = stream(7, "link/alice>server/loss")
    drawn = [[numbers.getrandbits(32) for _ in range(SHARE)] for _ in range(41)]
    expected = [share[0] <= 1 << 31 for share in drawn[1:]]
    assert losses(Fabric(7), 40) == expected


def test_positions_count_by_pair_and_by_port_where_one_is_given() -> None:
    fabric, third = Fabric(1), Conditions(loss=PacketLoss([(3, 3)]))
    course = [send(fabric, third, port=port)[0].drop for port in (1, 2, 1, 2, 1, 2, 1)]
    assert course == [None, None, None, None, "loss", "loss", None]


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_switching_other_faults_or_the_fault_itself_shifts_nothing(changes: list[bool]) -> None:
    """What the n-th packet meets depends on the seed, on n and on the conditions then."""
    steady = losses(Fabric(5), len(changes))
    fabric = Fabric(5)
    for expected, change in zip(steady, changes, strict=True):
        conditions = replace(LOSSY, jitter_ns=9, duplicate=Fraction(0)) if change else Conditions()
        drop = send(fabric, conditions)[0].drop
        assert drop == ("loss" if change and expected else None)


def test_what_survives_keeps_its_jitter_whatever_else_is_lost() -> None:
    calm = Conditions(delay_ns=1000, jitter_ns=900)
    one, two = Fabric(1), Fabric(1)
    for _ in range(200):
        (plain,) = send(one, calm)
        (harmed,) = send(two, replace(calm, loss=HALF))
        assert harmed.drop == "loss" or harmed.at_ns == plain.at_ns


def test_duplication_does_not_shift_the_originals() -> None:
    one, two = Fabric(1), Fabric(1)
    calm = Conditions(delay_ns=1000, jitter_ns=900)
    for _ in range(200):
        (plain,) = send(one, calm)
        assert send(two, replace(calm, duplicate=HALF))[-1] == plain


def test_a_positioned_stream_gives_every_position_its_own_numbers() -> None:
    def at(number: int, *before: int) -> int:
        position = Position()
        draw = PositionedDraw(1, "x", position)
        for earlier in before:
            position.number = earlier
            draw()
        position.number = number
        return draw()

    assert at(9) == at(9, 3) == at(9, 1, 2, 3, 4, 5, 6, 7, 8)
    assert at(9) != at(10)


RECORD = {
    "alice>server": (
        (Fate(20),),
        (Fate(0, "loss"),),
        (Fate(30, copy=1), Fate(25, bit=7)),
        (),
        (Fate(5, bit=80),),
    )
}


def test_a_replay_gives_recorded_fates_moved_to_now() -> None:
    replay = Fabric.replayed(RECORD)
    course = [send(replay, Conditions(cut=True), now_ns=now) for now in (100, 200, 300)]
    assert course == [
        (Fate(120),),
        (Fate(200, "loss"),),
        (Fate(330, copy=1), Fate(325, bit=7)),
    ]
    assert replay.unrecorded == {}


def test_a_replay_counts_what_it_has_no_record_of() -> None:
    replay = Fabric.replayed(RECORD)
    course = [send(replay, now_ns=1, port=9999) for _ in range(6)]
    assert course[3] == course[5] == (Fate(1),)
    assert send(replay, pair=("bob", "server"), now_ns=2) == (Fate(2),)
    assert replay.unrecorded == {"alice>server": 2, "bob>server": 1}


def test_a_replayed_bit_beyond_a_shorter_payload_is_left_alone() -> None:
    replay = Fabric.replayed(RECORD)
    assert [send(replay) for _ in range(5)][-1] == (Fate(5),)


def test_a_live_run_replays_to_the_same_fates() -> None:
    conditions = Conditions(
        delay_ns=1000, jitter_ns=999, loss=HALF, duplicate=HALF, flip=HALF, rate_bps=10_000_000
    )
    fabric = Fabric(11)
    live = [send(fabric, conditions, now_ns=10 * n) for n in range(100)]
    relative = tuple(
        tuple(replace(fate, at_ns=fate.at_ns - 10 * n) for fate in fates)
        for n, fates in enumerate(live)
    )
    replay = Fabric.replayed({"alice>server": relative})
    assert [send(replay, now_ns=10 * n) for n in range(100)] == live
