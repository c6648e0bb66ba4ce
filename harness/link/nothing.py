"""The impairment that does nothing: a perfect line, and the contract's smallest example."""

from __future__ import annotations

from harness.link.fate import Conditions
from harness.link.impairment import Passage


class Nothing:
    """Every copy passes untouched."""

    def adopt(self, conditions: Conditions) -> bool:  # noqa: ARG002 the contract gives them
        return False

    def meet(self, passage: Passage) -> None:
        """Leave the passage as it is."""
