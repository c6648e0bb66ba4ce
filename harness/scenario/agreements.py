"""The contracts as a file states them: each to its terms."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, cast

from harness.scenario.contract_terms import Alive, Delivery, Heartbeat, Promise, Terms, Timeout
from harness.scenario.document import Node
from harness.scenario.flows import flows, host
from harness.scenario.patterns import pattern
from harness.scenario.reading import Fields, Reading
from harness.scenario.values import counts, duration, durations, limit, regex, word
from harness.scenario.words import HOW_OFTEN, IN_ORDER

DEFAULT_SLACK_NS: Final = 100_000_000
MAX_IDS: Final = 1_000_000
PROMISES: Final = tuple(often + order for often in HOW_OFTEN for order in ("", IN_ORDER))


def heartbeat(reading: Reading, node: Node) -> Heartbeat | None:
    """``heartbeat``: who falls silent expires on time."""
    fields = reading.fields(node, "heartbeat")
    if fields is None or not fields.need("beat", "expires", "expired"):
        return None
    beat = fields.get("beat", flows)
    expires = fields.get("expires", durations)
    expired = fields.get("expired", pattern)
    says = fields.get("says", regex)
    every = fields.get("every", durations)
    returns = fields.get("returns", limit)
    returned = fields.get("returned", pattern)
    _pair(fields, "returns", "returned")
    if beat is None or expires is None or expired is None:
        return None
    return Heartbeat(beat, expires, expired, says, every, returns, returned)


def _pair(fields: Fields, one: str, other: str) -> None:
    """Two keys of which neither means anything alone."""
    if (one in fields) != (other in fields):
        here, lacking = (one, other) if one in fields else (other, one)
        message = f"`{here}` without `{lacking}`"
        fields.reading.refuse(fields.key(here), message, here, f"{one} and {other}, or neither")


def timeout(reading: Reading, node: Node) -> Timeout | None:
    """``timeout``: tries again on time, then gives up."""
    fields = reading.fields(node, "timeout")
    if fields is None or not fields.need("try", "waits"):
        return None
    slack = fields.get("slack", duration)
    slack_ns = DEFAULT_SLACK_NS if slack is None else slack
    wait = partial(limit, slack_ns=slack_ns)
    waits = fields.get("waits", lambda reading, node: reading.each(node, wait))
    try_ = fields.get("try", pattern)
    answered = fields.get("answered", pattern)
    gave_up = fields.get("gave_up", pattern)
    if try_ is None or waits is None:
        return None
    return Timeout(try_, waits, slack_ns, answered, gave_up)


def delivery(reading: Reading, node: Node) -> Delivery | None:
    """``delivery``: what is offered is taken as promised."""
    fields = reading.fields(node, "delivery")
    if fields is None or not fields.need("taken", "promise"):
        return None
    source = fields.one_of(("offered", "ids"), "source")
    taken = fields.get("taken", pattern)
    promise = fields.get("promise", partial(word, words=PROMISES))
    offered = fields.get("offered", pattern)
    ids = fields.get("ids", counts)
    takes = fields.get("takes", limit)
    if source is None or taken is None or promise is None or (offered or ids) is None:
        return None
    if ids is not None and not _countable(fields, ids.low, ids.high):
        return None
    often = cast("Promise", promise.removesuffix(IN_ORDER))
    return Delivery(taken, often, offered, ids, promise.endswith(IN_ORDER), takes)


def _countable(fields: Fields, low: object, high: object) -> bool:
    """Each number is an anchor, so there are two ends, and not too many between them."""
    if isinstance(low, int) and isinstance(high, int) and high - low < MAX_IDS:
        return True
    message = "these numbers cannot be told one by one"
    fields.reading.refuse(fields.key("ids"), message, "ids", f"1 .. N, at most {MAX_IDS} of them")
    return False


def alive(reading: Reading, node: Node) -> Alive | None:
    """``alive``: the host never ends by itself and never prints a crash."""
    who = host(reading, node)
    return Alive(who) if who is not None else None


AGREEMENTS: Final[dict[str, Callable[[Reading, Node], Terms | None]]] = {
    "heartbeat": heartbeat,
    "timeout": timeout,
    "delivery": delivery,
    "alive": alive,
}
"""The reader of each contract."""
