"""Numbers: latency, time from pattern to pattern, jitter, goodput, values, and their quantiles.

Owns the arithmetic, and how far each number could be off because of what the lab noticed late:
the true instant of an event lies in ``t - lag .. t``. So each sample carries the least and the
most that it may truly have been; a verdict is unsettled only where that decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final, Protocol

from harness.checks.flights import Flight

RFC3550_GAIN: Final = 16


class Timed(Protocol):
    """Anything that happened at a time, noticed late by at most ``lag``."""

    @property
    def n(self) -> int: ...

    @property
    def t(self) -> int: ...

    @property
    def lag(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured number, the least and the most it may truly be, and the events it is from.

    ``math.inf`` stands for what never came.
    """

    value: int | Fraction | float
    least: int | Fraction | float
    most: int | Fraction | float
    evidence: tuple[int, ...] = ()
    at_ns: int | None = None


def span(first: Timed, then: Timed | None) -> Sample:
    """The nanoseconds from one event to another; infinite where the other never came."""
    if then is None:
        return Sample(math.inf, math.inf, math.inf, (first.n,), first.t)
    value = then.t - first.t
    most = value + first.lag
    return Sample(value, value - then.lag, most, (first.n, then.n), then.t)


def exact(value: Fraction, event: Timed) -> Sample:
    """A number that a program printed: no lag touches it."""
    return Sample(value, value, value, (event.n,), event.t)


def quantile(samples: Sequence[Sample], share: Fraction) -> Sample:
    """The nearest-rank quantile: the smallest sample that at least ``share`` of them do not
    exceed; with N samples in order it is number ceil(share * N), and at least the first.

    Its least and most are the same quantile of every least and every most. There must be a
    sample.
    """
    rank = max(1, math.ceil(share * len(samples))) - 1
    chosen = sorted(samples, key=lambda sample: sample.value)[rank]
    least = sorted(sample.least for sample in samples)[rank]
    most = sorted(sample.most for sample in samples)[rank]
    return Sample(chosen.value, least, most, chosen.evidence, chosen.at_ns)


def latencies(flights: Iterable[Flight]) -> list[Sample]:
    """From sending to first delivery, of every datagram that was delivered."""
    return [span(flight.sent, first) for flight in flights if (first := flight.first)]


def jitter(flights: Iterable[Flight]) -> Sample | None:
    """The interarrival jitter of RFC 3550, section 6.4.1, after the last arrival of one flow.

    For each datagram against the one that arrived before it, D is the difference of their
    transit times, and J moves a sixteenth of the way toward ``|D|``. None below two arrivals.
    """
    pairs = [(flight.sent, first) for flight in flights if (first := flight.first)]
    pairs.sort(key=lambda pair: pair[1].n)
    value = least = most = 0.0
    for (sent_before, before), (sent, arrived) in pairwise(pairs):
        step = abs((arrived.t - before.t) - (sent.t - sent_before.t))
        slack = arrived.lag + before.lag + sent.lag + sent_before.lag
        value += (step - value) / RFC3550_GAIN
        least += (max(0, step - slack) - least) / RFC3550_GAIN
        most += (step + slack - most) / RFC3550_GAIN
    if len(pairs) < 2:
        return None
    last = pairs[-1][1]
    return Sample(value, least, most, (last.n,), last.t)


def goodput(flights: Iterable[Flight]) -> Sample | None:
    """Payload bits delivered for each second from the first delivery to the last, both of which
    count. None where the deliveries span no time."""
    arrived = [(first, flight.payload_bytes) for flight in flights if (first := flight.first)]
    arrived.sort(key=lambda pair: pair[0].n)
    if not arrived or arrived[-1][0].t <= arrived[0][0].t:
        return None
    bits = 8 * sum(payload_bytes for _, payload_bytes in arrived)
    took = span(arrived[0][0], arrived[-1][0])
    slowest, fastest = _rate(bits, took.most), _rate(bits, took.least)
    return Sample(_rate(bits, took.value), slowest, fastest, took.evidence, took.at_ns)


def _rate(bits: int, nanoseconds: float | Fraction) -> Fraction | float:
    return math.inf if nanoseconds <= 0 else Fraction(bits * 1_000_000_000) / Fraction(nanoseconds)
