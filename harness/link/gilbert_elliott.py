"""Loss in bursts: a channel that is good or bad, netem's ``loss gemodel``.

Two draws for each copy, the transition first; the state *before* the transition decides the loss.
It begins good, and begins anew when the model changes.
"""

from __future__ import annotations

from harness.link.fate import Conditions, GilbertElliottLoss
from harness.link.impairment import FULL, Draws, Passage, pair, threshold
from harness.link.loss import take_one


class GilbertElliott:
    """Loses copies with a probability that depends on the state of the channel."""

    def __init__(self, draws: Draws) -> None:
        # The same name as independent loss: a direction has one loss model at a time.
        self._draw = pair(draws, "loss")
        self._model: GilbertElliottLoss | None = None
        self._bad = False
        self._enter = self._leave = self._spared_in_bad = self._lost_in_good = 0

    def adopt(self, conditions: Conditions) -> bool:
        model = conditions.loss if isinstance(conditions.loss, GilbertElliottLoss) else None
        if model != self._model:
            self._model = model
            self._bad = False
        if model is None:
            return False
        self._enter = threshold(model.enter)
        self._leave = threshold(model.leave)
        # tc sends the complement, and rounds before it subtracts (q_netem.c).
        self._spared_in_bad = FULL - threshold(model.bad)
        self._lost_in_good = threshold(model.good)
        return True

    def meet(self, passage: Passage) -> None:
        draw = self._draw[passage.copy]
        was_bad = self._bad
        if draw() < (self._leave if was_bad else self._enter):
            self._bad = not was_bad
        number = draw()
        # ``>`` in one state and ``<`` in the other: the kernel's own asymmetry (loss_gilb_ell).
        lost = number > self._spared_in_bad if was_bad else number < self._lost_in_good
        if lost:
            take_one(passage)
