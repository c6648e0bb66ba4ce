"""One direction between two ends: the fate of each datagram, decided when it is sent.

Owns the order of the impairments, which is that of netem's enqueue function: duplicate, loss,
corrupt, limit, then the clone's own way through all of them, then reorder, delay and rate of the
original. Two additions of ours: ``cut`` before everything, ``flip`` behind ``corrupt``. Decides
only: it neither waits nor sends, and knows neither names nor payloads.
"""

from __future__ import annotations

from harness.link.backlog import Backlog
from harness.link.corrupt import Corrupt
from harness.link.cut import Cut
from harness.link.delay import Delay
from harness.link.duplicate import Duplicate
from harness.link.fate import Conditions, Fate, Fates, Packet
from harness.link.flip import Flip
from harness.link.gilbert_elliott import GilbertElliott
from harness.link.impairment import Draws, Impairment, Passage
from harness.link.limit import Limit
from harness.link.loss import Loss
from harness.link.packet_list import PacketList
from harness.link.rate import Rate
from harness.link.reorder import Reorder


class Direction:
    """What lies between a sender and a receiver, for one direction of travel.

    ``draws("loss")`` gives the stream of 32-bit numbers that loss alone uses. ``now_ns`` may not
    run backwards between calls. Conditions may change from packet to packet; what is under way
    keeps its fate, and the queue, the burst state and the gap count go on.
    """

    def __init__(self, name: str, draws: Draws) -> None:
        self.name = name
        self._backlog = Backlog()
        self._admission: tuple[Impairment, ...] = (
            Cut(),
            Duplicate(draws),
            Loss(draws),
            GilbertElliott(draws),
            PacketList(),
            Corrupt(draws),
            Flip(draws),
            Limit(self._backlog),
        )
        self._schedule: tuple[Impairment, ...] = (
            Reorder(draws),
            Delay(draws),
            Rate(self._backlog),
        )
        self._conditions: Conditions | None = None
        self._admitting: tuple[Impairment, ...] = ()
        self._scheduling: tuple[Impairment, ...] = ()

    def decide(self, packet: Packet, now_ns: int, conditions: Conditions) -> Fates:
        """The fates of a datagram sent now, in the order in which they are decided.

        One fate without duplication, else one for each copy; a clone's comes before its
        original's.
        """
        if conditions is not self._conditions:
            self._adopt(conditions)
        original = Passage(packet, now_ns, copy=int(packet.clone))
        self._admit(original)
        if original.copies < 2:
            return (self._fate(original),)
        clone = Passage(packet, now_ns, copy=1)
        if original.settled:
            # The full queue takes the clone along (qdisc_drop_all, kfree_skb of the clone).
            clone.lose("queue")
        else:
            self._admit(clone)
        return (self._fate(clone), self._fate(original))

    def _adopt(self, conditions: Conditions) -> None:
        if conditions != self._conditions:
            self._admitting = tuple(each for each in self._admission if each.adopt(conditions))
            self._scheduling = tuple(each for each in self._schedule if each.adopt(conditions))
        self._conditions = conditions

    def _admit(self, passage: Passage) -> None:
        for impairment in self._admitting:
            impairment.meet(passage)
            if passage.settled:
                return

    def _fate(self, passage: Passage) -> Fate:
        if not passage.settled:
            self._place(passage)
        arrives_ns = passage.now_ns + max(0, passage.delay_ns)
        bit = -1 if passage.drop else passage.bit
        return Fate(arrives_ns, passage.drop, passage.copy, bit)

    def _place(self, passage: Passage) -> None:
        for impairment in self._scheduling:
            impairment.meet(passage)
            if passage.settled:
                return
        self._backlog.join(passage.now_ns + passage.delay_ns, passage.now_ns)
