"""The steps of the timeline, carried out on the relay and on the programs.

Each writes its ``fault`` event at the moment it takes effect. A datagram that reached the relay
before that moment meets the conditions from before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from harness.labs.director import Begin, Undo
from harness.labs.loopback.announcer import Announcer
from harness.labs.loopback.faces import Endpoint, Face, FaceBook
from harness.labs.loopback.naming import Naming
from harness.labs.loopback.payload import MAX_PAYLOAD, built
from harness.labs.loopback.programs import Programs
from harness.labs.loopback.relay import Relay
from harness.labs.loopback.weather import Weather
from harness.labs.watch import Watch
from harness.rng import stream
from harness.scenario.membership import members
from harness.scenario.model import (
    Action,
    Cut,
    End,
    Flow,
    HostAction,
    HostRef,
    LinkChange,
    Rebind,
    Scenario,
    Send,
    Step,
    Whose,
)
from harness.trace.events import AnyEvent, Delivered, Dropped, Fault, Note, Sent
from harness.trace.log import Log

Order = Begin | Undo
KEPT_PAYLOADS = 10_000  # a step copies from what has just triggered it, or from its ``of``


def bound(ref: HostRef, caught: Mapping[str, str]) -> HostRef:
    """The member that a trigger bound in place of its group."""
    member = caught.get(ref.name, "")
    if ref.whose is not Whose.EACH or ref.member is not None or not member:
        return ref
    number = member.removeprefix(f"{ref.name}-")
    return replace(ref, member=int(number)) if number.isdigit() else ref


def bound_flow(flow: Flow, caught: Mapping[str, str]) -> Flow:
    """A flow with both ends bound."""

    def end(one: End) -> End:
        return one if one.address else replace(one, host=bound(one.host, caught))

    return replace(flow, source=end(flow.source), target=end(flow.target))


def bound_action(action: Action, caught: Mapping[str, str]) -> Action:
    """An action on the members that the trigger bound, as far as it names their groups."""
    match action:
        case HostAction() | Rebind():
            return replace(action, host=bound(action.host, caught))
        case Cut(flows):
            return Cut(tuple(bound_flow(flow, caught) for flow in flows))
        case Send():
            return replace(action, flow=bound_flow(action.flow, caught))
        case LinkChange(rules):
            return LinkChange(
                tuple(replace(rule, flow=bound_flow(rule.flow, caught)) for rule in rules)
            )


@dataclass(slots=True)
class Observed:
    """The datagrams that ``copy`` may take: the one that triggered a step, or the latest match
    of ``of``. Keeps nothing unless a step asks for it."""

    watches: dict[int, Watch] = field(default_factory=dict)
    wanted: bool = False
    payloads: dict[int, bytes] = field(default_factory=dict)
    latest: dict[int, bytes] = field(default_factory=dict)

    def feed(self, event: AnyEvent) -> None:
        """Note a datagram, or what became of one."""
        if not self.wanted:
            return
        payload = self._payload(event)
        if payload is None:
            return
        for index, watch in self.watches.items():
            if watch.feed(event):
                self.latest[index] = payload

    def of(self, step: Step, trigger: int) -> bytes | None:
        """The bytes that a step copies from, None when there are none yet."""
        if step.index in self.watches:
            return self.latest.get(step.index)
        return self.payloads.get(trigger)

    def _payload(self, event: AnyEvent) -> bytes | None:
        if isinstance(event, Sent):
            payload = event.payload
        elif isinstance(event, Delivered | Dropped):
            changed = event.payload if isinstance(event, Delivered) else None
            payload = self.payloads.get(event.of, b"") if changed is None else changed
        else:
            return None
        self.payloads[event.n] = payload
        if len(self.payloads) > KEPT_PAYLOADS:
            del self.payloads[next(iter(self.payloads))]
        return payload


@dataclass(slots=True)
class Steps:
    """Carries out the director's orders."""

    scenario: Scenario
    seed: int
    log: Log
    relay: Relay
    book: FaceBook
    weather: Weather
    programs: Programs
    naming: Naming
    observed: Observed
    announcer: Announcer
    _concerned: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    _done: set[int] = field(default_factory=set)
    _failed: dict[int, Step] = field(default_factory=dict)

    def missed(self) -> list[int]:
        """The steps that came due and could not happen, by index. One that is triggered by events
        may find nothing to do now and then; it is missed when it never did anything."""
        return [
            index
            for index, step in sorted(self._failed.items())
            if step.each is None or index not in self._done
        ]

    def begin(self, order: Begin, lag_ns: int) -> None:
        """Let a step take effect. ``lag_ns`` is how late we are."""
        action = order.step.action
        if action is not None:
            action = bound_action(action, order.caught)
        self.relay.drain()
        if isinstance(action, HostAction) and not self._living(action, order):
            return
        self._done.add(order.step.index)
        self._fault(order, lag_ns, on=True)
        match action:
            case LinkChange() | Cut():
                self.weather.begin(replace(order.step, action=action), order.index)
            case HostAction():
                self._act(action, order)
            case Rebind():
                self._rebind(action)
            case Send():
                self._send(order, action)

    def undo(self, order: Undo, lag_ns: int) -> None:
        """Undo a step; a stopped host starts again, and the undoing is when it is ready."""
        action = order.step.action
        if action is not None:
            action = bound_action(action, order.caught)
        if isinstance(action, HostAction) and not self._concerned.get(_key(order)):
            return  # it never took effect
        if isinstance(action, HostAction) and action.verb != "pause":
            self._start_again(order)
            return
        self.relay.drain()
        self._fault(order, lag_ns, on=False)
        if isinstance(action, LinkChange | Cut):
            self.weather.undo(order.step, order.index)
        elif isinstance(action, HostAction):
            for member in self._concerned[_key(order)]:
                self.programs.resume(member)

    def _fault(self, order: Order, lag_ns: int, *, on: bool) -> None:
        step = order.step
        self.log.add(
            Fault,
            self.relay.loop.now(),
            lag=lag_ns,
            step=step.index,
            on=on,
            text=step.text,
            mark=step.mark,
            index=order.index,
            host=_member(order.caught, self.scenario),
        )

    def _rebind(self, action: Rebind) -> None:
        self.relay.forget_routes()
        for member in members(action.host, self.scenario.hosts):
            self.book.rebind(member, address=action.new == "address")
            if action.new == "address":
                loopback = self.book.platform.loopback
                self.announcer.host(
                    member, self.book.hosts[member], loopback, tuple(self.book.hosts)
                )

    def _living(self, action: HostAction, order: Begin) -> bool:
        """Find the members that can still be acted on; where none can, say why."""
        self.programs.serve()  # a program that has just ended is not there to be stopped
        wanted = members(action.host, self.scenario.hosts)
        running = self.programs.running()
        self._concerned[_key(order)] = tuple(member for member in wanted if member in running)
        if self._concerned[_key(order)]:
            return True
        for member in wanted if order.step.index not in self._failed else ():
            had = "had ended already" if member in self.programs.lives else "has not begun yet"
            text = f"{order.step.place}: the step `{order.step.text}` did not happen: the program"
            self.log.add(Note, self.relay.loop.now(), text=f"{text} {had}", host=member)
        self._failed[order.step.index] = order.step
        return False

    def _act(self, action: HostAction, order: Begin) -> None:
        step = order.step
        for member in self._concerned[_key(order)]:
            if action.verb == "pause":
                self.programs.pause(member)
            elif action.verb == "kill":
                self.programs.kill(member, "step", step.text)
            else:
                self.programs.stop(member, "step", step.text)

    def _start_again(self, order: Undo) -> None:
        waiting = set(self._concerned[_key(order)])

        def one_is_ready(member: str) -> None:
            waiting.discard(member)
            if not waiting:
                self._fault(order, 0, on=False)

        for member in tuple(waiting):
            self.programs.start_again(member, partial(one_is_ready, member))

    def _send(self, order: Begin, send: Send) -> None:
        observed = self.observed.of(order.step, order.trigger)
        if observed is None and any(part.how == "copy" for part in send.payload):
            self._cannot(order.step, "there is no datagram yet to copy from")
            return
        for source, target in self._ways(send.flow):
            draws = stream(self.seed, f"send/{order.step.index}/{order.index}/{source}>{target}")
            text = partial(self.naming.text, viewer=source)
            payload = built(send, text, observed or b"", draws)
            toward = self._toward(send.flow.target, target, source)
            if toward is None:
                self._cannot(order.step, f"{target} has not sent yet: name the port of its socket")
            elif len(payload) > MAX_PAYLOAD[self.scenario.family]:
                self._cannot(order.step, f"{len(payload)} bytes are more than a datagram holds")
            else:
                self.relay.speak(self._from(send.flow.source, source, target), toward, payload)

    def _ways(self, flow: Flow) -> Iterator[tuple[str, str]]:
        for source in members(flow.source.host, self.scenario.hosts):
            for target in members(flow.target.host, self.scenario.hosts):
                if source != target:
                    yield source, target

    def _from(self, end: End, source: str, target: str) -> Face:
        if end.port is None:
            return self.book.quiet_face(source)
        served = self.book.served(source, end.port) or Endpoint(source, end.port, None)
        return self.book.face(served, target)

    def _toward(self, end: End, target: str, source: str) -> Face | None:
        if end.port is not None:
            served = self.book.served(target, end.port)
            return None if served is None else self.book.face(served, source)
        if target in self.book.silent:
            return self.book.quiet_face(target)
        last = self.relay.last_ends.get(target)
        return None if last is None else self.book.face(last, source)

    def _cannot(self, step: Step, why: str) -> None:
        text = f"{step.place}: the step `{step.text}` could not be carried out: {why}"
        self.log.add(Note, self.relay.loop.now(), text=text, fault="rig")


def _key(order: Order) -> tuple[int, int]:
    return order.step.index, order.index


def _member(caught: Mapping[str, str], scenario: Scenario) -> str:
    return next((text for name, text in caught.items() if name in scenario.hosts), "")
