"""``hosts``: what runs, in which surroundings, and when it counts as ready."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final, Literal, cast

from harness.scenario.document import Items, Node, Table, Text
from harness.scenario.instants import instant
from harness.scenario.model import Host, Ready, Stop
from harness.scenario.reading import Fields, Reading, accepts
from harness.scenario.values import count, duration, port, positive_duration, regex, text, word
from harness.scenario.words import SIGNALS, STDIO

Stdio = Literal["pipe", "tty"]

MAX_COUNT: Final = 1_000
_UNREADABLE: Final = ("?",)
"""Stands for a command that is wrong, so that its host is not taken for a silent one."""
_NAME: Final = re.compile(r"\$\([^()]*\)")
_HELD: Final = "\ue000"
"""Stands for a blank inside ``$(other client)`` while a command is split (private use)."""


def declared(node: Node | None) -> dict[str, int | None]:
    """The names of ``hosts`` with the sizes of groups, before anything is read."""
    entries = node.entries if isinstance(node, Table) else ()
    return {key.value: _declared_count(value) for key, value in entries}


def _declared_count(node: Node) -> int | None:
    found = node.get("count") if isinstance(node, Table) else None
    digits = found.value.strip() if isinstance(found, Text) else ""
    return int(digits) if re.fullmatch(r"\d{1,9}", digits, re.ASCII) else None


def hosts(reading: Reading, node: Node) -> dict[str, Host]:
    """Every host that is sound, in file order."""
    table = reading.table(node, "hosts")
    read = (_host(reading, key, value) for key, value in table.entries) if table else ()
    return {host.name: host for host in read if host is not None}


def _host(reading: Reading, key: Text, node: Node) -> Host | None:
    fields = reading.fields(node, "host")
    if fields is None:
        return None
    return Host(
        key.value,
        key.place,
        run=_run(fields),
        count=fields.get("count", partial(count, low=1, high=MAX_COUNT)),
        env=fields.given("env", _environment, {}),
        cwd=fields.given("cwd", _folder, str(reading.folder.absolute())),
        stdio=cast("Stdio", fields.get("stdio", partial(word, words=STDIO)) or "pipe"),
        ready=fields.given("ready", _ready, Ready()),
        starts=fields.get("starts", instant),
        stop=fields.given("stop", _stop, Stop()),
    )


def _run(fields: Fields) -> tuple[str, ...]:
    if "run" not in fields:
        return ()
    return fields.given("run", _command, _UNREADABLE)


def _command(reading: Reading, node: Node) -> tuple[str, ...] | None:
    if isinstance(node, Items):
        return reading.each(node, _argument)
    found = reading.text(node, "command")
    if found is None:
        return None
    held = _NAME.sub(lambda match: match.group().replace(" ", _HELD), found.value)
    try:
        words = shlex.split(held)
    except ValueError as error:
        message = f"this command cannot be split: {str(error).lower()}"
        reading.refuse(found.place, message, found.value, accepts("command"))
        return None
    return tuple(part.replace(_HELD, " ") for part in words)


def _argument(reading: Reading, node: Node) -> str | None:
    """One word of a command; unlike other values it may be empty."""
    if isinstance(node, Text) and not node.plain:
        return node.value
    found = reading.text(node, "text")
    return found.value if found is not None else None


def _environment(reading: Reading, node: Node) -> Mapping[str, str] | None:
    table = reading.table(node, "environment")
    if table is None:
        return None
    found: dict[str, str] = {}
    for key, value in table.entries:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key.value, re.ASCII):
            accepted = "letters, digits and _, a letter first"
            reading.refuse(key.place, "is no name of a variable", key.value, accepted)
        elif isinstance(value, Text):
            found[key.value] = value.value
        else:
            reading.refuse(value.place, "a variable is text", "", accepts("environment"))
    return found


def _folder(reading: Reading, node: Node) -> str | None:
    found = text(reading, node)
    if found is None:
        return None
    path = (reading.folder / found).absolute()
    if not path.is_dir():
        reading.refuse(node.place, "there is no such folder", found, "a folder beside the file")
        return None
    return str(path)


def _ready(reading: Reading, node: Node) -> Ready | None:
    if isinstance(node, Text):
        found = word(reading, node, ("started",))
        return Ready("started") if found is not None else None
    fields = reading.fields(node, "ready")
    if fields is None:
        return None
    if "says" in fields and "port" in fields:
        reading.refuse(fields.key("port"), "ready by says and by port", "port", "one of them")
    found_within = fields.get("within", positive_duration)
    ready = _ready_when(fields)
    return ready if found_within is None else replace(ready, within_ns=found_within)


def _ready_when(fields: Fields) -> Ready:
    says = fields.get("says", regex)
    bound = fields.get("port", port)
    if says is not None:
        return Ready("says", says=says)
    return Ready("port", port=bound) if bound is not None else Ready()


def _stop(reading: Reading, node: Node) -> Stop | None:
    fields = reading.fields(node, "stop")
    if fields is None:
        return None
    signal = fields.get("signal", partial(word, words=SIGNALS))
    grace_ns = fields.get("grace", duration)
    stop = Stop() if signal is None else Stop(signal)
    return stop if grace_ns is None else replace(stop, grace_ns=grace_ns)
