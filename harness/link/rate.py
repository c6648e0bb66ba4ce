"""The serialiser: packets leave one after another, each taking its length over the rate.

netem's model: a constant pipe first, then a serialiser with a queue. Under backlog the delay is
not added for each packet; order is kept, so jitter does not reorder; an idle line still charges
the whole of the first packet. Lengths are those of the frame, with its Ethernet header.
"""

from __future__ import annotations

from harness.link.backlog import Backlog
from harness.link.fate import Conditions
from harness.link.impairment import Passage


class Rate:
    """Turns the delay of a copy into its place in the queue."""

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog
        self._rate_bps = 0

    def adopt(self, conditions: Conditions) -> bool:
        self._rate_bps = conditions.rate_bps
        return self._rate_bps > 0

    def meet(self, passage: Passage) -> None:
        behind_ns = self._backlog.tail_ns(passage.now_ns) - passage.now_ns
        # One integer division, as in packet_time_ns(); the kernel's rate is in bytes a second.
        serialising_ns = passage.wire_bytes * 8_000_000_000 // self._rate_bps
        if behind_ns:
            passage.delay_ns = behind_ns + max(0, passage.delay_ns - behind_ns)
        passage.delay_ns += serialising_ns
