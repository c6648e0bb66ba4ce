"""The nouns of a scenario, frozen: what the loader makes and every later stage reads.

One :class:`Scenario` is one variant of one file, with its params put in and its values typed.
Durations are nanoseconds, sizes bytes, rates bits per second, shares fractions of one. Names in
``run``, ``env``, ``says`` and payload texts (``$(server:9999)``) are still text here: a lab or a
judge resolves them with :mod:`harness.scenario.names`.

This file holds data only: no parsing, no judging, no defaults that need a machine. It is long
because the nouns refer to one another, and a reader wants the whole vocabulary on one page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from harness.errors import Place
from harness.units import Range

Number = int | Fraction


class Whose(StrEnum):
    """How a HOST word binds in a check or a step."""

    EACH = "each"  # ``alice``, ``client``, ``client-3``: judged for each member by itself
    ANY = "any"  # ``any client``: whichever member
    OTHER = "other"  # ``other client``, ``other peer-7``: each further member
    ALL = "all"  # ``any``: every host there is


@dataclass(frozen=True, slots=True)
class HostRef:
    """A HOST word. ``name`` is the host or group; ``member`` the number in ``client-3``."""

    name: str = ""
    member: int | None = None
    whose: Whose = Whose.EACH

    def __str__(self) -> str:
        if self.whose is Whose.ALL:
            return "any"
        word = self.name if self.member is None else f"{self.name}-{self.member}"
        return word if self.whose is Whose.EACH else f"{self.whose.value} {word}"


@dataclass(frozen=True, slots=True)
class End:
    """One end of a flow: a host, or a literal address (``address`` is then not empty)."""

    host: HostRef = field(default_factory=HostRef)
    port: int | None = None
    address: str = ""

    def __str__(self) -> str:
        word = self.address or str(self.host)
        if self.port is None:
            return word
        return f"[{word}]:{self.port}" if ":" in word else f"{word}:{self.port}"


@dataclass(frozen=True, slots=True)
class Flow:
    """Datagrams from one end to another; ``both`` is ``a <-> b``."""

    source: End
    target: End
    both: bool = False

    def __str__(self) -> str:
        return f"{self.source} {'<->' if self.both else '->'} {self.target}"


Flows = tuple[Flow, ...]


class Kind(StrEnum):
    """The kinds of pattern, one for each kind of event that can be matched."""

    SENT = "sent"
    DELIVERED = "delivered"
    DROPPED = "dropped"
    DUPLICATED = "duplicated"
    CORRUPTED = "corrupted"
    ICMP = "icmp"
    OUTPUT = "output"
    STARTED = "started"
    READY = "ready"
    EXIT = "exit"
    ENDED = "ended"


FLOW_KINDS = frozenset(
    {Kind.SENT, Kind.DELIVERED, Kind.DROPPED, Kind.DUPLICATED, Kind.CORRUPTED, Kind.ICMP}
)


@dataclass(frozen=True, slots=True)
class Single:
    """A pattern over one kind of event.

    ``flows`` is set for datagram kinds, ``host`` for the others. ``says`` is the regular
    expression as written, names not yet put in; ``hex`` is a tuple with ``None`` for ``xx``.
    ``nth`` counts from 1; ``-1`` is ``last``.
    """

    kind: Kind
    place: Place
    flows: Flows = ()
    host: HostRef | None = None
    says: str | None = None
    hex: tuple[int | None, ...] | None = None
    size: Range | None = None
    reason: str | None = None
    code: Range | str | None = None  # exit code range, or an ICMP code word
    stream: str | None = None
    nth: int | None = None
    plus_ns: int = 0


@dataclass(frozen=True, slots=True)
class Either:
    """Any of several patterns."""

    patterns: tuple[Pattern, ...]
    place: Place
    nth: int | None = None
    plus_ns: int = 0


@dataclass(frozen=True, slots=True)
class Sequence:
    """For each match of ``first`` the next ``then`` after it; the event is the last one."""

    patterns: tuple[Pattern, ...]
    place: Place


Pattern = Single | Either | Sequence


@dataclass(frozen=True, slots=True)
class AtTime:
    """``45s`` after zero."""

    at_ns: int


@dataclass(frozen=True, slots=True)
class AtMark:
    """``outage``, ``outage-3`` (``index``) or ``outage.end``, moved by ``plus_ns``."""

    mark: str
    place: Place
    end: bool = False
    index: int | None = None
    plus_ns: int = 0


@dataclass(frozen=True, slots=True)
class AtPattern:
    """The first match of a pattern, or its ``nth``, moved by the pattern's ``plus_ns``."""

    pattern: Pattern


Instant = AtTime | AtMark | AtPattern


@dataclass(frozen=True, slots=True)
class Stop:
    """How a program is asked to end: a signal's name without SIG, then the grace."""

    signal: str = "TERM"
    grace_ns: int = 5_000_000_000


@dataclass(frozen=True, slots=True)
class Ready:
    """When a host counts as ready. ``how`` is ``ports`` (those that others name), ``port``,
    ``says`` or ``started``."""

    how: Literal["ports", "port", "says", "started"] = "ports"
    port: int | None = None
    says: str = ""
    within_ns: int = 10_000_000_000


@dataclass(frozen=True, slots=True)
class Host:
    """One entry of ``hosts``; a group when ``count`` is not None. ``run`` empty: silent.

    ``run`` is the command split into words (names not yet put in). ``cwd`` is absolute.
    """

    name: str
    place: Place
    run: tuple[str, ...] = ()
    count: int | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = ""
    stdio: Literal["pipe", "tty"] = "pipe"
    ready: Ready = field(default_factory=Ready)
    starts: Instant | None = None
    stop: Stop = field(default_factory=Stop)

    @property
    def silent(self) -> bool:
        return not self.run

    @property
    def members(self) -> tuple[str, ...]:
        """The names of the single hosts: ``client-1 … client-N``, or the name itself."""
        if self.count is None:
            return (self.name,)
        return tuple(f"{self.name}-{index}" for index in range(1, self.count + 1))


@dataclass(frozen=True, slots=True)
class PacketList:
    """Loss by position in the flow, from 1."""

    positions: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class GilbertElliott:
    """Loss in two states: P(good to bad), P(bad to good), loss in bad, loss in good."""

    enter: Fraction
    leave: Fraction
    bad: Fraction = Fraction(1)
    good: Fraction = Fraction(0)


Loss = Fraction | PacketList | GilbertElliott

LINK_FIELDS = (
    "delay_ns",
    "jitter_ns",
    "loss",
    "duplicate",
    "reorder",
    "gap",
    "corrupt",
    "flip",
    "rate_bps",
    "limit",
    "mtu_bytes",
)


@dataclass(frozen=True, slots=True)
class LinkFields:
    """What one rule says of a link; None is a field that the rule does not name."""

    delay_ns: int | None = None
    jitter_ns: int | None = None
    loss: Loss | None = None
    duplicate: Fraction | None = None
    reorder: Fraction | None = None
    gap: int | None = None
    corrupt: Fraction | None = None
    flip: Fraction | None = None
    rate_bps: int | None = None
    limit: int | None = None
    mtu_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class LinkRule:
    """``flow: {fields}`` with its place; ``text`` is the flow as written."""

    flow: Flow
    fields: LinkFields
    place: Place
    text: str
    profile: str = ""


@dataclass(frozen=True, slots=True)
class PayloadPart:
    """One part of a payload, joined in order. ``copy`` is a range of byte positions from 0."""

    how: Literal["text", "hex", "file", "copy", "random"]
    text: str = ""
    data: bytes = b""
    copy: Range | None = None
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Send:
    """One datagram from a silent host."""

    flow: Flow
    payload: tuple[PayloadPart, ...]
    of: Pattern | None = None
    flip: int = 0
    ttl: int | None = None


@dataclass(frozen=True, slots=True)
class LinkChange:
    """The fields named override every rule, for datagrams sent meanwhile."""

    rules: tuple[LinkRule, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """Everything sent on these flows is dropped."""

    flows: Flows


@dataclass(frozen=True, slots=True)
class HostAction:
    """Something done to the programs of a host."""

    verb: Literal["stop", "kill", "pause"]
    host: HostRef


@dataclass(frozen=True, slots=True)
class Rebind:
    """A NAT gives the host a new source."""

    host: HostRef
    new: Literal["port", "address"] = "port"


Action = LinkChange | Cut | HostAction | Rebind | Send


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the timeline. Exactly one of ``at`` and ``each`` is set.

    ``text`` is the action in the scenario's words. ``lasts_ns`` or ``until`` end it; without
    either it lasts to the end of the run.
    """

    index: int
    place: Place
    text: str
    at: Instant | None = None
    each: Pattern | None = None
    every_ns: int | None = None
    times: int | None = None
    action: Action | None = None
    lasts_ns: int | None = None
    until: Instant | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """``after``, ``each`` or ``whenever``. ``each`` over a repeating mark has an AtMark."""

    word: Literal["after", "each", "whenever"]
    instant: Instant


@dataclass(frozen=True, slots=True)
class During:
    """A window on the run; None is its beginning or its end."""

    start: Instant | None = None
    end: Instant | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured. ``kind`` is one of the words of section 8 of the language.

    Which of the others are set depends on it: ``flows`` for loss, duplicates, reordering,
    latency, jitter, goodput; ``pattern``
    for reordering, share, time, value; ``per`` for share; ``to`` for time.
    """

    kind: Literal[
        "loss", "duplicates", "reordering", "share", "latency", "time", "jitter", "goodput", "value"
    ]
    flows: Flows = ()
    pattern: Pattern | None = None
    per: Pattern | None = None
    to: Pattern | None = None
    quantile: Fraction = Fraction(1, 2)

    @property
    def is_share(self) -> bool:
        return self.kind in ("loss", "duplicates", "reordering", "share")


@dataclass(frozen=True, slots=True)
class Plain:
    """A plain check: ``expect``, ``never`` or ``measure``, with everything that bounds it.

    Contracts expand to several of these; a check of a plain kind holds exactly one. ``within``
    is nanoseconds from the anchor. ``bounds`` is ``is`` of a measure, in the measure's base unit
    (ns, fraction, bit/s or a plain number). ``text`` is the check in the scenario's words.
    With ``ids`` each number of the range is an anchor at zero that binds the group ``id``; with
    ``outside_ids`` only matches whose ``id`` is no number of the range count.
    """

    kind: Literal["expect", "never", "measure"]
    place: Place
    text: str
    pattern: Pattern | None = None
    anchor: Anchor | None = None
    within: Range | None = None
    unless: Pattern | None = None
    during: During | None = None
    count: Range | None = None
    measure: Measure | None = None
    bounds: Range | None = None
    ids: Range | None = None
    outside_ids: Range | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One named claim. ``contract`` is empty, or the contract that ``parts`` are short for."""

    name: str
    place: Place
    text: str
    parts: tuple[Plain, ...]
    contract: str = ""
    holds: Range | None = None
    confidence: Fraction = Fraction(999_999, 1_000_000)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A scenario laid over the file; it is killed when exactly ``breaks`` fail.

    ``scenario`` is the mutated variant itself, complete and validated. ``edits`` maps a program's
    absolute path to its changed text.
    """

    name: str
    place: Place
    breaks: tuple[str, ...]
    scenario: Scenario
    edits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One variant of one file.

    ``variant`` is the params' choice as ``loss=10% delay=1ms``, empty without lists. ``digest``
    identifies the variant's content. ``text`` is the file as read.
    """

    path: str
    claim: str
    variant: str
    digest: str
    text: str
    until: Instant
    hosts: Mapping[str, Host]
    checks: tuple[Check, ...]
    links: tuple[LinkRule, ...] = ()
    timeline: tuple[Step, ...] = ()
    mutants: tuple[Mutant, ...] = ()
    about: str = ""
    tags: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    family: Literal["ipv4", "ipv6"] = "ipv4"
    deadline_ns: int = 60_000_000_000
    seeds: Range = field(default_factory=lambda: Range(1, 1))
    params: Mapping[str, object] = field(default_factory=dict)
    place: Place = field(default_factory=lambda: Place("", 1, 1))

    @property
    def single_hosts(self) -> tuple[str, ...]:
        """Every single host by name, groups unfolded, in file order."""
        return tuple(member for host in self.hosts.values() for member in host.members)
