"""``timeline``: the steps, each with its time, its action and how long it lasts."""

from __future__ import annotations

from functools import partial
from typing import Final, Literal, cast

from harness.scenario.document import Items, Node
from harness.scenario.flows import flows, host
from harness.scenario.instants import instant
from harness.scenario.links import links
from harness.scenario.model import Action, AtTime, Cut, HostAction, LinkChange, Rebind, Step
from harness.scenario.patterns import pattern
from harness.scenario.payloads import send
from harness.scenario.reading import Fields, Reading, accepts, called, entries_notation
from harness.scenario.values import count, duration, text, word
from harness.scenario.vocabulary import STEP_ACTIONS, STEP_REBIND, STEP_SEND, names
from harness.scenario.words import NEW_SOURCES

ACTIONS: Final = names(STEP_ACTIONS)
BESIDE: Final = {"send": names(STEP_SEND), "rebind": names(STEP_REBIND)}
_UNREADABLE: Final = Cut(())
"""Stands for an action that is wrong, so that the step's mark and its end stay known."""


def timeline(reading: Reading, node: Node) -> tuple[Step, ...]:
    """Every step, in file order; what is wrong in one is noted and stood in for."""
    if not isinstance(node, Items):
        reading.refuse(node.place, f"{called(node)} where a list belongs", "", accepts("steps"))
        return ()
    steps = (_step(reading, index, item) for index, item in enumerate(node.items))
    return tuple(step for step in steps if step is not None)


def _step(reading: Reading, index: int, node: Node) -> Step | None:
    fields = reading.fields(node, "step")
    if fields is None:
        return None
    verbs = fields.present(ACTIONS)
    verb = verbs[0] if verbs else ""
    _refuse_mixture(reading, fields, verbs)
    trigger = fields.one_of(("at", "each"), "time")
    at = fields.get("at", instant)
    each = fields.get("each", pattern) if trigger == "each" else None
    return Step(
        index,
        fields.place,
        entries_notation(fields.table, (verb, *BESIDE.get(verb, ()))),
        at=at if at is not None or each is not None else AtTime(0),
        each=each,
        every_ns=fields.get("every", duration),
        times=fields.get("times", partial(count, low=1)),
        action=(_action(reading, fields, verb) or _UNREADABLE) if verb else None,
        lasts_ns=fields.get("for", duration),
        until=fields.get("until", instant),
        mark=fields.given("mark", partial(text, form="mark"), ""),
    )


def _refuse_mixture(reading: Reading, fields: Fields, verbs: tuple[str, ...]) -> None:
    """One action, and beside it only what belongs to it."""
    if len(verbs) > 1:
        accepted = "one action in a step"
        reading.refuse(fields.key(verbs[1]), "several actions", ", ".join(verbs), accepted)
    beside = {verb: extra for verb, extra in BESIDE.items() if verb not in verbs}
    for verb, extra in beside.items():
        for name in fields.present(extra):
            message = f"`{name}` belongs to `{verb}`"
            reading.refuse(fields.key(name), message, name, f"`{verb}` beside it")


def _action(reading: Reading, fields: Fields, verb: str) -> Action | None:
    if verb == "send":
        return send(reading, fields)
    if verb == "links":
        rules = fields.get("links", links)
        return LinkChange(rules) if rules is not None else None
    if verb == "cut":
        over = fields.get("cut", flows)
        return Cut(over) if over is not None else None
    who = fields.get(verb, host)
    if who is None:
        return None
    if verb == "rebind":
        new = fields.get("new", partial(word, words=NEW_SOURCES)) or "port"
        return Rebind(who, cast("Literal['port', 'address']", new))
    return HostAction(cast("Literal['stop', 'kill', 'pause']", verb), who)
