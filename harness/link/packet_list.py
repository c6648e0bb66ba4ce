"""Loss of chosen datagrams: positions in the flow, counted from 1.

A listed position is lost for certain: a duplicate that is due does not save it, unlike with the
random models, because the scenario says which datagrams must not arrive.
"""

from __future__ import annotations

from bisect import bisect_right

from harness.link.fate import Conditions, PacketLoss
from harness.link.impairment import Passage

_NO_END = 1 << 62


class PacketList:
    """Loses exactly the listed positions; draws nothing."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._reach: list[int] = []

    def adopt(self, conditions: Conditions) -> bool:
        model = conditions.loss
        positions = model.positions if isinstance(model, PacketLoss) else ()
        spans = sorted((first, _NO_END if last is None else last) for first, last in positions)
        self._firsts = [first for first, _ in spans]
        self._reach = []
        for _, last in spans:
            self._reach.append(max(last, self._reach[-1]) if self._reach else last)
        return bool(spans)

    def meet(self, passage: Passage) -> None:
        begun = bisect_right(self._firsts, passage.position)
        if begun and passage.position <= self._reach[begun - 1]:
            passage.copies = 0
            passage.lose("loss")
