"""Intervals for a share, and how an interval stands to the range that a claim asks for.

Owns the numerics: the exact interval of Clopper and Pearson for independent trials, a confidence
sequence that stays true however often one looks, and an interval whose unit is the run, for fates
that depend on one another. It knows neither events nor checks.

Every interval errs outward: rounding makes it wider, never narrower.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from harness.units import Range

_TINY: Final = 1e-300
_EPSILON: Final = 1e-15
_BISECTIONS: Final = 120  # halves [0, 1] below the smallest gap between two doubles
_OUTWARD: Final = 1e-9
"""Relative widening of each bound: covers lgamma's error of some 1e-8 in the log of a tail at
ten million trials, where a bound moves by far less than the tail does."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a share may lie; both ends belong to it."""

    low: float
    high: float

    def __contains__(self, share: float | Fraction) -> bool:
        return self.low <= share <= self.high


class Standing(StrEnum):
    """How an interval stands to the range that is asked for."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    ACROSS = "across"


def decide(interval: Interval, bounds: Range) -> Standing:
    """Compare an interval with a claimed range, or with one claimed share.

    A single share (both bounds the same) is met when the interval holds it: nothing that is
    estimated could lie inside a point. With exact or confidence-sequence intervals ``0%`` is
    therefore met by no hit at all and by nothing else, and ``100%`` by hits only.
    """
    low = -math.inf if bounds.low is None else bounds.low
    high = math.inf if bounds.high is None else bounds.high
    if low == high:
        return Standing.INSIDE if low in interval else Standing.OUTSIDE
    if low <= interval.low and interval.high <= high:
        return Standing.INSIDE
    if interval.high < low or interval.low > high:
        return Standing.OUTSIDE
    return Standing.ACROSS


def clopper_pearson(hits: int, total: int, confidence: float | Fraction) -> Interval:
    """The exact interval for the chance behind ``hits`` in ``total`` independent trials.

    Clopper and Pearson, Biometrika 26 (1934): each end leaves half of ``1 - confidence`` beyond
    it. Raises ValueError where there are no trials, or more hits than trials.
    """
    _need_trials(hits, total)
    tail = float(1 - Fraction(confidence)) / 2
    if tail <= 0:
        return Interval(0.0, 1.0)
    low = _lower_end(hits, total, tail)
    return Interval(low, _upper_end(hits, total, tail))


def confidence_sequence(hits: int, total: int, confidence: float | Fraction) -> Interval:
    """An interval that holds at every look at once, with at least ``confidence``.

    Robbins, Ann. Math. Statist. 41 (1970): the likelihood under a uniform mixture of shares over
    that under share p is a martingale when p is true, and by Ville's inequality it ever reaches
    ``1 / (1 - confidence)`` with at most that chance. The shares at which it has not are the
    interval. So runs may be added until the claim is decided. Raises as ``clopper_pearson``.
    """
    _need_trials(hits, total)
    alpha = float(1 - Fraction(confidence))
    if alpha <= 0:
        return Interval(0.0, 1.0)
    mixture = math.lgamma(hits + 1) + math.lgamma(total - hits + 1) - math.lgamma(total + 2)
    least = mixture + math.log(alpha)

    def reached(share: float) -> bool:
        return _log_likelihood(hits, total, share) >= least

    peak = hits / total
    low = 0.0 if hits == 0 else _outward(_bisect(reached, 0.0, peak)[0], -_OUTWARD)
    high = 1.0 if hits == total else _outward(_bisect(reached, 1.0, peak)[0], _OUTWARD)
    return Interval(low, high)


def run_interval(
    tallies: Sequence[tuple[int, int]], confidence: float | Fraction, looks: int = 1
) -> Interval:
    """An interval for a share whose trials depend on one another within a run, but not across.

    The run is the unit: Student's interval for the ratio of sums, with the residuals of the runs
    (Cochran, Sampling Techniques, 3rd ed., section 6.3). It rests on the runs' residuals being
    about normal; no method free of that says anything useful at these confidences from a few
    dozen runs. It is never narrower than the exact interval for independent trials, so runs that
    happen to agree prove no more than their trials could. For ``looks`` looks ``1 - confidence``
    is divided among them (Bonferroni).

    ``tallies`` are hits and total of each run. With fewer than two runs the answer is everything.
    """
    runs = [(hits, total) for hits, total in tallies if total]
    if len(runs) < 2:
        return Interval(0.0, 1.0)
    alpha = (1 - Fraction(confidence)) / max(1, looks)
    hits, total = sum(run[0] for run in runs), sum(run[1] for run in runs)
    share = hits / total
    half = student_quantile(float(alpha) / 2, len(runs) - 1) * _ratio_error(runs, share)
    exact = clopper_pearson(hits, total, 1 - alpha)
    return Interval(max(0.0, min(exact.low, share - half)), min(1.0, max(exact.high, share + half)))


def student_quantile(tail: float, freedom: int) -> float:
    """The value that Student's t with ``freedom`` degrees exceeds with chance ``tail``."""
    if not 0 < tail < 0.5:
        return math.inf if tail <= 0 else 0.0

    def beyond(t: float) -> bool:
        # P(T > t) = I_x(f/2, 1/2) / 2 with x = f / (f + t^2)  (Abramowitz and Stegun 26.7.1)
        x, rest = freedom / (freedom + t * t), t * t / (freedom + t * t)
        return beta_share(x, rest, freedom / 2, 0.5) / 2 >= tail

    high = 1.0
    while beyond(high):
        high *= 2
    return _bisect(beyond, high, 0.0)[0]


def beta_share(x: float, rest: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b); ``rest`` is 1 - x.

    Both are asked for because the smaller one carries the precision.
    """
    if x <= 0 or rest <= 0:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - beta_share(rest, x, b, a)
    log_front = a * math.log(x) + b * _log_rest(x, rest) + _log_beta(a, b)
    return math.exp(log_front) / (a * _beta_fraction(x, a, b))


def _log_rest(x: float, rest: float) -> float:
    return math.log(rest) if rest < 0.5 else math.log1p(-x)


def _need_trials(hits: int, total: int) -> None:
    if total < 1 or not 0 <= hits <= total:
        raise ValueError(f"{hits} hits of {total} trials have no interval")


def _lower_end(hits: int, total: int, tail: float) -> float:
    """The share at which ``hits`` or more of ``total`` have the chance ``tail``."""
    if hits == 0:
        return 0.0

    def common(share: float) -> bool:
        # P(X >= k) = I_p(k, n - k + 1)  (Abramowitz and Stegun 26.5.24)
        return beta_share(share, 1 - share, hits, total - hits + 1) >= tail

    return _outward(_bisect(common, 0.0, hits / total)[0], -_OUTWARD)


def _upper_end(hits: int, total: int, tail: float) -> float:
    """The share at which ``hits`` or fewer of ``total`` have the chance ``tail``."""
    if hits == total:
        return 1.0

    def common(share: float) -> bool:
        # P(X <= k) = I_(1-p)(n - k, k + 1)
        return beta_share(1 - share, share, total - hits, hits + 1) >= tail

    return _outward(_bisect(common, 1.0, hits / total)[0], _OUTWARD)


def _outward(bound: float, by: float) -> float:
    """A bound moved by a part of its distance to the nearer of 0 and 1, so never onto them."""
    return bound + by * min(bound, 1 - bound)


def _bisect(reached: Callable[[float], bool], outer: float, inner: float) -> tuple[float, float]:
    """Narrow the border between ``outer``, where it is not reached, and ``inner``, where it is."""
    for _ in range(_BISECTIONS):
        middle = (outer + inner) / 2
        if middle in (outer, inner):
            break
        if reached(middle):
            inner = middle
        else:
            outer = middle
    return outer, inner


def _log_likelihood(hits: int, total: int, share: float) -> float:
    misses = total - hits
    if (hits and share <= 0) or (misses and share >= 1):
        return -math.inf
    return (hits * math.log(share) if hits else 0.0) + (
        misses * math.log1p(-share) if misses else 0.0
    )


def _log_beta(a: float, b: float) -> float:
    """The logarithm of 1 / B(a, b)."""
    return math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)


def _ratio_error(runs: Sequence[tuple[int, int]], share: float) -> float:
    """The standard error of a ratio of sums over runs."""
    count = len(runs)
    mean_total = sum(total for _, total in runs) / count
    squares = math.fsum((hits - share * total) ** 2 for hits, total in runs)
    return math.sqrt(squares / (count * (count - 1))) / mean_total


def _beta_fraction(x: float, a: float, b: float) -> float:
    """The continued fraction 1 + d1/(1 + d2/(1 + ...)) of I_x (Abramowitz and Stegun 26.5.8).

    Lentz's method. Below the mean it converges in some sqrt(max(a, b)) steps.
    """
    value, numerator, denominator = 1.0, 1.0, 0.0
    for step in range(1, 20 + 20 * math.isqrt(int(max(a, b)) + 100)):
        term = _beta_term(step, x, a, b)
        denominator = 1.0 / (1.0 + term * denominator or _TINY)
        numerator = 1.0 + term / numerator or _TINY
        factor = numerator * denominator
        value *= factor
        if abs(factor - 1.0) < _EPSILON:
            break
    return value


def _beta_term(step: int, x: float, a: float, b: float) -> float:
    m, odd = divmod(step, 2)
    if odd:
        return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
