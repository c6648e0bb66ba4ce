"""The severed line: everything is dropped, before any other impairment is asked."""

from __future__ import annotations

from harness.link.fate import Conditions
from harness.link.impairment import Passage


class Cut:
    """Drops with reason ``cut``; draws nothing and makes others draw nothing."""

    def adopt(self, conditions: Conditions) -> bool:
        return conditions.cut

    def meet(self, passage: Passage) -> None:
        passage.lose("cut")
