"""Every direction of a run, made when it is first used; live, or replayed from a record.

Owns the counting of positions and the names of the random streams. It knows hosts by name only:
which rules are in force, and what becomes of a datagram after its fate, is the lab's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from harness.link.direction import Direction
from harness.link.draws import Position, PositionedDraws
from harness.link.fate import Conditions, Fate, Fates, Packet


def direction_name(source: str, target: str, port: int | None = None) -> str:
    """``alice>server``, or ``alice>server:9999`` where rules tell the ports apart."""
    return f"{source}>{target}" if port is None else f"{source}>{target}:{port}"


class Deciding(Protocol):
    """What a lab asks for the fate of a datagram."""

    def decide(
        self,
        source: str,
        target: str,
        *,
        payload_bytes: int,
        wire_bytes: int,
        now_ns: int,
        conditions: Conditions,
        port: int | None = None,
    ) -> Fates: ...


class _Lane:
    """One direction with its position and its streams."""

    __slots__ = ("direction", "position")

    def __init__(self, seed: int, name: str) -> None:
        self.position = Position()
        draws = PositionedDraws(seed, f"link/{name}", self.position)
        self.direction = Direction(name, draws)


class Fabric:
    """The fates of a live run: seed and position decide, not timing.

    The exceptions lie in the nature of queues: ``limit`` and ``rate`` depend on what waits.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lanes: dict[tuple[str, str, int | None], _Lane] = {}

    def decide(
        self,
        source: str,
        target: str,
        *,
        payload_bytes: int,
        wire_bytes: int,
        now_ns: int,
        conditions: Conditions,
        port: int | None = None,
    ) -> Fates:
        """The fates of the next datagram from ``source`` to ``target``, at least one.

        ``wire_bytes`` counts Ethernet, IP and UDP headers. ``now_ns`` may not run backwards in
        one direction. ``port`` is the scenario's number where rules tell ports apart, else None:
        each port then has a direction, a queue and positions of its own.
        """
        lane = self._lanes.get((source, target, port)) or self._open(source, target, port)
        lane.position.number += 1
        packet = Packet(lane.position.number, payload_bytes, wire_bytes)
        return lane.direction.decide(packet, now_ns, conditions)

    def _open(self, source: str, target: str, port: int | None) -> _Lane:
        lane = _Lane(self._seed, direction_name(source, target, port))
        self._lanes[source, target, port] = lane
        return lane

    @staticmethod
    def replayed(fates: Mapping[str, tuple[Fates, ...]]) -> Replay:
        """A fabric that gives recorded fates by position instead."""
        return Replay(fates)


class Replay:
    """The fates of a recorded run, by pair of hosts and position, relative to the sending.

    A datagram without a record (the run sent more this time, or its fate was still open when the
    recorded run ended) arrives at once and is counted in ``unrecorded``, which the lab must
    report: from there on the two runs differ.
    """

    def __init__(self, fates: Mapping[str, tuple[Fates, ...]]) -> None:
        self._fates = fates
        self._positions: dict[str, int] = {}
        self.unrecorded: dict[str, int] = {}

    def decide(
        self,
        source: str,
        target: str,
        *,
        payload_bytes: int,
        wire_bytes: int,  # noqa: ARG002 the record has settled what they would decide
        now_ns: int,
        conditions: Conditions,  # noqa: ARG002
        port: int | None = None,  # noqa: ARG002 a record counts by pair, as ``sent`` events do
    ) -> Fates:
        """The recorded fates of the next datagram, moved to now."""
        name = direction_name(source, target)
        index = self._positions.get(name, 0)
        self._positions[name] = index + 1
        recorded = self._fates.get(name, ())
        if index >= len(recorded) or not recorded[index]:
            self.unrecorded[name] = self.unrecorded.get(name, 0) + 1
            return (Fate(now_ns),)
        return tuple(_moved(fate, now_ns, payload_bytes) for fate in recorded[index])


def _moved(fate: Fate, now_ns: int, payload_bytes: int) -> Fate:
    # A payload that came out shorter this time may not hold the recorded bit.
    bit = fate.bit if fate.bit < 8 * payload_bytes else -1
    return Fate(now_ns + max(0, fate.at_ns), fate.drop, fate.copy, bit)
