"""What the relay tells of its own losses, and what a step takes in before it takes effect."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.clock import SystemClock
from harness.labs.director import Begin, Undo
from harness.labs.loopback.faces import Endpoint, Face
from harness.labs.loopback.loop import Loop
from harness.labs.loopback.owners import Stranger
from harness.labs.loopback.relay import Relay
from harness.labs.loopback.sockets import Received
from harness.labs.loopback.steps import Observed, Steps
from harness.labs.loopback.weather import Weather
from harness.link.fabric import Fabric
from harness.scenario.loader import loads
from harness.trace.events import AnyEvent, Fault, Note
from harness.trace.log import Log

NOWHERE = ("127.0.0.1", 9)
TEXT = """\
scenario: one cut
until: 9s
hosts:
  server: {run: 'python s.py $(self:9999)'}
  pulse: {}
timeline:
  - {at: 1s, cut: pulse <-> server, for: 1s}
checks:
  a: {expect: {delivered: pulse -> server}}
"""


class Arrivals:
    """A face's socket and its reader: each reading tells the losses up to it."""

    def __init__(self, *overflows: int | None) -> None:
        self._left = list(overflows)

    def read(self, _: object) -> Received | None:
        return Received(b"x", NOWHERE, None, self._left.pop(0)) if self._left else None


def relay_of(log: Log, arrivals: Arrivals) -> tuple[Relay, Face]:
    """A relay that knows none of the senders; only what it reads of losses matters."""
    foreign: Any = SimpleNamespace(owner=lambda *_: Stranger.FOREIGN)
    nothing: Any = None
    loop = Loop(SystemClock())
    relay = Relay(loop, log, nothing, foreign, nothing, nothing, None)
    relay._reader = arrivals  # type: ignore[assignment]
    face = Face(Endpoint("server", 9999, NOWHERE), "pulse", NOWHERE, object())  # type: ignore[arg-type]
    loop.close()
    return relay, face


@pytest.mark.parametrize(
    ("overflows", "lost"),
    [
        ((None, 0), []),
        ((3, 3, None, 5), [3, 2]),
        ((2**32 - 1, 1), [2**32 - 1, 2]),  # the kernel counts in 32 bits
    ],
)
def test_each_loss_in_the_relays_own_buffer_is_told_once(
    overflows: tuple[int | None, ...], lost: list[int]
) -> None:
    events: list[AnyEvent] = []
    log = Log(events.append)
    log.set_zero(0)
    relay, face = relay_of(log, Arrivals(*overflows))
    relay.readable(face)
    notes = [event for event in events if isinstance(event, Note) and event.fault == "rig"]
    assert [note.text for note in notes] == [
        f"the relay's own buffer lost {count} datagrams to server" for count in lost
    ]
    assert {note.host for note in notes} <= {"server"}


def test_a_step_takes_in_what_has_arrived_before_it_takes_effect(tmp_path: Path) -> None:
    """So do its undoings: what came before meets the conditions from before."""
    scenario = loads(TEXT, str(tmp_path / "x.yaml"), {})[0]
    weather = Weather(scenario, Fabric(1))
    seen: list[object] = []
    log = Log(lambda event: seen.append(event.on) if isinstance(event, Fault) else None)
    log.set_zero(0)

    def drain() -> None:
        seen.append(("drained", weather.is_cut("pulse", "server", 0, 0)))

    relay: Any = SimpleNamespace(drain=drain, loop=SimpleNamespace(now=lambda: 0))
    nothing: Any = None
    steps = Steps(
        scenario, 1, log, relay, nothing, weather, nothing, nothing, Observed(), nothing
    )  # fmt: skip
    step = scenario.timeline[0]
    steps.begin(Begin(step, 1, {}), 0)
    steps.undo(Undo(step, 1, {}), 0)
    assert seen == [("drained", False), True, ("drained", True), False]
