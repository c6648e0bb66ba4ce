"""How each host sees the others: addresses and ports over time, and what datagrams carried.

Learns from ``address`` and ``sent`` events, one at a time, so it serves a running lab and a judge
alike. Every answer is as of an event's number: what was learned later does not count. It matches
nothing itself.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Generic, TypeVar

from harness.trace.events import Address, AnyEvent, Delivered, Sent

ANYONE = ""
"""The viewer of what is known about a host whoever looks."""

T = TypeVar("T")


class _History(Generic[T]):
    """Values in the order in which they were learned."""

    __slots__ = ("numbers", "values")

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.values: list[T] = []

    def learn(self, n: int, value: T) -> None:
        if not self.values or self.values[-1] != value:
            self.numbers.append(n)
            self.values.append(value)

    def until(self, n: int) -> list[T]:
        return self.values[: bisect_right(self.numbers, n)]

    def last(self, n: int) -> T | None:
        position = bisect_right(self.numbers, n)
        return self.values[position - 1] if position else None


class Directory:
    """Addresses, ports and payloads learned from the events so far."""

    def __init__(self, most_sent: int | None = None) -> None:
        """``most_sent`` bounds the datagrams whose payload is kept, the newest ones; a running
        lab bounds them, a judge keeps all."""
        self._most_sent = most_sent
        self._addresses: dict[tuple[str, str], _History[str]] = {}
        self._served: dict[tuple[str, str, int], _History[tuple[str, int]]] = {}
        self._ports: dict[tuple[str, str], _History[int]] = {}
        self._sent: dict[int, Sent] = {}

    def learn(self, event: AnyEvent) -> None:
        """Take in what an event tells; events come in the order of their numbers."""
        if isinstance(event, Sent):
            self._learn_sent(event)
        elif isinstance(event, Address):
            self._learn_address(event)

    def _learn_address(self, event: Address) -> None:
        pair = (event.viewer, event.host)
        self._addresses.setdefault(pair, _History()).learn(event.n, event.address)
        if event.port:
            served = self._served.setdefault((*pair, event.port), _History())
            served.learn(event.n, (event.address, event.number or event.port))

    def _learn_sent(self, event: Sent) -> None:
        self._keep(event)
        if event.sport and not event.forged:
            self._ports.setdefault((ANYONE, event.source), _History()).learn(event.n, event.sport)
        if not event.seen_as or event.forged:
            return
        address, _, port = event.seen_as.rpartition(":")
        pair = (event.target, event.source)
        self._addresses.setdefault(pair, _History()).learn(event.n, address.strip("[]"))
        if port.isascii() and port.isdigit():
            self._ports.setdefault(pair, _History()).learn(event.n, int(port))

    def _keep(self, event: Sent) -> None:
        self._sent[event.n] = event
        if self._most_sent is not None and len(self._sent) > 2 * self._most_sent:
            for number in list(self._sent)[: -self._most_sent]:
                del self._sent[number]

    def addresses(self, viewer: str, host: str, n: int) -> tuple[str, ...]:
        """Every address at which ``viewer`` has seen ``host`` up to event ``n``, oldest first.

        A host that a NAT gave a new address still owns what is said of the old one.
        """
        known = self._addresses.get((viewer, host))
        return tuple(dict.fromkeys(known.until(n))) if known else ()

    def ever(self, host: str) -> list[str]:
        """Every address at which anyone has seen ``host`` in all that was learned."""
        known = (facts.values for (_, whom), facts in self._addresses.items() if whom == host)
        return sorted({address for values in known for address in values})

    def served(self, viewer: str, host: str, port: int, n: int) -> tuple[tuple[str, int], ...]:
        """Address and real port under which ``viewer`` reaches the scenario's ``host:port``."""
        known = self._served.get((viewer, host, port))
        if known:
            return tuple(dict.fromkeys(known.until(n)))
        return tuple((address, port) for address in self.addresses(viewer, host, n))

    def port(self, viewer: str, host: str, n: int) -> int | None:
        """The port last seen of ``host``, by ``viewer`` if it has seen one, else by anyone."""
        for who in (viewer, ANYONE):
            known = self._ports.get((who, host))
            found = known.last(n) if known else None
            if found is not None:
                return found
        return None

    def sent(self, number: int) -> Sent | None:
        """The ``sent`` event with this number, None if it was not learned."""
        return self._sent.get(number)

    def payload(self, event: AnyEvent) -> bytes:
        """The payload of a datagram event: its own where it was changed, else what was sent."""
        if isinstance(event, Sent):
            return event.payload
        if isinstance(event, Delivered) and event.payload is not None:
            return event.payload
        origin = self._sent.get(getattr(event, "of", 0))
        return origin.payload if origin else b""

    def text(self, event: AnyEvent) -> str:
        """The payload as UTF-8, every other byte as ``\\xNN``."""
        return self.payload(event).decode("utf-8", "backslashreplace")
