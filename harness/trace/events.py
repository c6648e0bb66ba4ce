"""The closed vocabulary of a trace: everything a lab may say happened.

Each event is a frozen fact with its number ``n`` (the order in which things happened), its time
``t`` in integer nanoseconds since zero, and ``lag``: by how much at most, in nanoseconds, the lab
noticed or did it late (the true instant lies in ``t - lag .. t``).

A datagram keeps its identity from send to fate: ``source``, ``target`` and ``k`` (``alice->server
#17``); fates carry ``of``, the number of the ``sent`` event. Ports are the scenario's own numbers
(``$(server:9999)`` is 9999 whatever port serves it).
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

FORMAT: Final = 1
"""The version of this vocabulary; a reader refuses others."""

DropReason = Literal[
    "loss", "cut", "queue", "mtu", "corrupt", "nobody", "buffer", "nat", "fragment", "ttl"
]
DROP_REASONS: Final = (
    "loss", "cut", "queue", "mtu", "corrupt", "nobody", "buffer", "nat", "fragment", "ttl",
)  # fmt: skip
ICMP_CODES: Final = (
    "port-unreachable",
    "host-unreachable",
    "fragmentation-needed",
    "ttl-exceeded",
)


class Header(msgspec.Struct, frozen=True, kw_only=True, tag="header"):
    """The first line of a trace: what ran, where, under which seed."""

    format: int = FORMAT
    scenario: str  # the claim
    digest: str
    variant: str = ""
    mutant: str = ""
    seed: int
    lab: str
    engine: str
    kernel: str = ""
    time_base: str = "monotonic"
    interpreter: str = ""
    began: str = ""  # wall time, ISO 8601
    blind: dict[str, str] = {}  # what this lab cannot see (a pattern kind, or kind:reason) -> why


class Event(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event", gc=False
):
    """What every event has."""

    n: int
    t: int
    lag: int = 0


class Address(Event, frozen=True, kw_only=True, omit_defaults=True, tag="address"):
    """From now on ``viewer`` sees ``host`` at this address.

    With ``port``, the scenario's port of a served socket, ``number`` is the real one there.
    """

    viewer: str
    host: str
    address: str
    port: int = 0
    number: int = 0


class Started(Event, frozen=True, kw_only=True, omit_defaults=True, tag="started"):
    """A program runs. ``life`` counts its starts, from 1."""

    host: str
    pid: int = 0
    life: int = 1


class Ready(Event, frozen=True, kw_only=True, omit_defaults=True, tag="ready"):
    """A host is ready, again after each restart."""

    host: str
    life: int = 1


class Output(Event, frozen=True, kw_only=True, omit_defaults=True, tag="output"):
    """One line of output without its end; bytes that are no UTF-8 stand as ``\\xNN``.

    ``cut`` counts the bytes left out of a line too long to keep; ``partial`` says that the
    stream ended without a newline.
    """

    host: str
    stream: Literal["stdout", "stderr"]
    line: str
    cut: int = 0
    partial: bool = False


class Exited(Event, frozen=True, kw_only=True, omit_defaults=True, tag="exited"):
    """A program ended. ``code`` is 128 + n for signal n; ``by`` is empty when it ended by
    itself, else what ended it: ``step``, ``end`` (after the run) or ``rig``."""

    host: str
    code: int
    by: Literal["", "step", "end", "rig"] = ""
    life: int = 1


class Signalled(Event, frozen=True, kw_only=True, omit_defaults=True, tag="signalled"):
    """The harness sent a signal to a program."""

    host: str
    signal: str
    why: str


class Sent(Event, frozen=True, kw_only=True, omit_defaults=True, tag="sent"):
    """A datagram was put on the wire by ``source``'s host, as its ``k``-th toward ``target``.

    ``target`` is a host, or a literal address. ``sport`` and ``dport`` are the scenario's ports
    (for an ephemeral socket the real number). ``seen_as`` is the source ``address:port`` that the
    receiver sees.
    """

    source: str
    target: str
    k: int
    payload: bytes
    sport: int = 0
    dport: int = 0
    seen_as: str = ""
    forged: str = ""  # the claimed source host, where it is not the true one
    injected: bool = False  # by a ``send`` step


class Delivered(Event, frozen=True, kw_only=True, omit_defaults=True, tag="delivered"):
    """A copy was handed to a socket of the receiver. ``payload`` only where it was changed."""

    source: str
    target: str
    k: int
    of: int
    copy: int = 0
    payload: bytes | None = None
    sport: int = 0
    dport: int = 0


class Dropped(Event, frozen=True, kw_only=True, omit_defaults=True, tag="dropped"):
    """A copy came to its end on the way; ``inferred`` where the lab did not see it itself."""

    source: str
    target: str
    k: int
    of: int
    reason: DropReason
    copy: int = 0
    sport: int = 0
    dport: int = 0
    inferred: bool = False


class Duplicated(Event, frozen=True, kw_only=True, omit_defaults=True, tag="duplicated"):
    """The link made a second copy (``copy`` 1) of a datagram."""

    source: str
    target: str
    k: int
    of: int
    copy: int = 1
    sport: int = 0
    dport: int = 0


class Corrupted(Event, frozen=True, kw_only=True, omit_defaults=True, tag="corrupted"):
    """The link damaged a copy. ``bit`` is the flipped payload bit that arrives, -1 where a
    checksum will catch it (a ``dropped`` with reason ``corrupt`` follows)."""

    source: str
    target: str
    k: int
    of: int
    copy: int = 0
    bit: int = -1
    sport: int = 0
    dport: int = 0


class Icmp(Event, frozen=True, kw_only=True, omit_defaults=True, tag="icmp"):
    """An ICMP error from ``source``'s side reaches ``target``, about the datagram ``of``."""

    source: str
    target: str
    code: str
    of: int = 0
    sport: int = 0
    dport: int = 0


class Unseen(Event, frozen=True, kw_only=True, omit_defaults=True, tag="unseen"):
    """From now on (``on``) datagrams sent to ``host`` may be refused by the kernel without the
    lab seeing them, or are seen again."""

    host: str
    on: bool
    port: int = 0


class Fault(Event, frozen=True, kw_only=True, omit_defaults=True, tag="fault"):
    """A step took effect (``on``) or was undone. ``mark`` is its mark, ``index`` counts repeats
    from 1; ``text`` is the action in the scenario's words. ``host`` is the member concerned when
    a triggered step bound one."""

    step: int
    on: bool
    text: str
    mark: str = ""
    index: int = 1
    host: str = ""


class Lag(Event, frozen=True, kw_only=True, omit_defaults=True, tag="lag"):
    """How late the lab noticed or did something, or a program waited for a core."""

    what: str
    worst: int
    host: str = ""


class Note(Event, frozen=True, kw_only=True, omit_defaults=True, tag="note"):
    """A fact the reader should know. ``fault`` is ``rig`` or ``program`` where it makes the run
    an error, ``inconclusive`` where it unsettles it, empty otherwise."""

    text: str
    fault: Literal["", "rig", "program", "inconclusive"] = ""
    host: str = ""


class Ended(Event, frozen=True, kw_only=True, omit_defaults=True, tag="end"):
    """E: nothing later is judged, but the fates of datagrams sent by then still follow.

    ``why`` is ``until`` (as asked), ``deadline`` (``until`` never came), ``interrupted`` or
    ``error``.
    """

    why: Literal["until", "deadline", "interrupted", "error"]


class Closed(Event, frozen=True, kw_only=True, omit_defaults=True, tag="closed"):
    """The last line: every program is gone and the log is whole.

    ``rules`` tells for each link rule, by its position in the file from 0, how many datagrams
    met it; ``steps_missed`` the steps that never happened.
    """

    rules: dict[str, int] = {}
    steps_missed: list[int] = []


AnyEvent = (
    Address
    | Started
    | Ready
    | Output
    | Exited
    | Signalled
    | Sent
    | Delivered
    | Dropped
    | Duplicated
    | Corrupted
    | Icmp
    | Unseen
    | Fault
    | Lag
    | Note
    | Ended
    | Closed
)
DatagramEvent = Sent | Delivered | Dropped | Duplicated | Corrupted | Icmp
FateEvent = Delivered | Dropped | Duplicated | Corrupted


class Trace(msgspec.Struct, frozen=True):
    """A whole trace in memory: the header and every event in order of number."""

    header: Header
    events: tuple[AnyEvent, ...]
    torn: str = ""  # what was unreadable at the end of the file, empty when whole
