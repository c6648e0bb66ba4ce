"""Every key of the language, once: what the readers accept, and what schema and messages tell.

``form`` names the type of the value; the readers know how to read it, the schema how to describe
it. A key that is not here does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a mapping: its name, the type of its value, what it says, its default."""

    name: str
    form: str
    doc: str
    default: str = ""
    required: bool = False


FILE: Final = (
    Key("scenario", "text", "the claim, one sentence", required=True),
    Key("about", "text", "prose"),
    Key("tags", "words", "words for selection"),
    Key("needs", "words", "programs that must be on the PATH"),
    Key("family", "family", "ipv4 or ipv6", "ipv4"),
    Key("params", "params", "values put in by name; a list makes variants"),
    Key("seeds", "count range", "runs of each variant, each with its own seed", "1"),
    Key("until", "instant", "the instant at which the run ends", required=True),
    Key("deadline", "duration", "the latest end, for an until that waits for an event", "60s"),
    Key("hosts", "hosts", "which programs run", required=True),
    Key("links", "links", "what happens to datagrams"),
    Key("timeline", "steps", "faults with a lifetime, and datagrams sent by the harness"),
    Key("checks", "checks", "what must be true", required=True),
    Key("mutants", "mutants", "what the scenario must go red for, and where"),
)

HOST: Final = (
    Key("run", "command", "the command, split like a shell's words but run without a shell"),
    Key("count", "count", "how many: makes a group of name-1 … name-N"),
    Key("env", "environment", "added environment"),
    Key("cwd", "text", "working directory", "the file's folder"),
    Key("stdio", "stdio", "pipe or tty", "pipe"),
    Key("ready", "ready", "when the host counts as ready", "the ports that others name are bound"),
    Key("starts", "instant", "when a program begins that begins later"),
    Key("stop", "stop", "how it is asked to end", "TERM, then kill after 5s"),
)

READY: Final = (
    Key("says", "regex", "ready when a line of output matches"),
    Key("port", "port", "ready when this port is bound"),
    Key("within", "duration", "else an error", "10s"),
)

STOP: Final = (
    Key("signal", "signal", "the signal's name", "TERM"),
    Key("grace", "duration", "then it is killed", "5s"),
)

LINK: Final = (
    Key("profile", "profile", "a named link; the other keys override it"),
    Key("delay", "duration", "one-way delay", "0ms"),
    Key("jitter", "duration", "the delay varies by so much either way, uniformly", "0ms"),
    Key("loss", "loss", "a share, {packets: […]} by position, or {enter, leave, bad, good}", "0%"),
    Key("duplicate", "share", "delivered twice", "0%"),
    Key("reorder", "share", "sent at once while others wait for their delay", "0%"),
    Key("gap", "count", "with reorder: only every so many-th may be", "1"),
    Key("corrupt", "share", "damaged so that a checksum catches it: a loss", "0%"),
    Key("flip", "share", "arrives with one payload bit flipped", "0%"),
    Key("rate", "rate", "the line's rate"),
    Key("limit", "count", "datagrams that may wait; more are dropped", "1000"),
    Key("mtu", "size", "largest IP packet"),
)

LOSS_LIST: Final = (Key("packets", "positions", "positions in the flow, from 1", required=True),)
LOSS_STATES: Final = (
    Key("enter", "share", "probability from good to bad, for each packet", required=True),
    Key("leave", "share", "probability from bad to good, for each packet", required=True),
    Key("bad", "share", "loss in the bad state", "100%"),
    Key("good", "share", "loss in the good state", "0%"),
)

STEP_TIMES: Final = (
    Key("at", "instant", "once, at an instant"),
    Key("each", "pattern", "at every match"),
    Key("every", "duration", "repeat an at step"),
    Key("times", "count", "how often at most"),
    Key("for", "duration", "how long it lasts"),
    Key("until", "instant", "how long it lasts"),
    Key("mark", "mark", "names the instant it takes effect; .end when it is undone"),
)
STEP_ACTIONS: Final = (
    Key("links", "links", "these fields override every rule meanwhile"),
    Key("cut", "flows", "everything sent on it is dropped"),
    Key("stop", "host", "stop signal, then kill; the end starts it again"),
    Key("kill", "host", "killed at once; the end starts it again"),
    Key("pause", "host", "stands still; datagrams wait in its sockets"),
    Key("rebind", "host", "a NAT gives it a new source"),
    Key("send", "flow", "one datagram from a silent host"),
)
STEP_REBIND: Final = (Key("new", "rebind", "port or address", "port"),)
PAYLOAD: Final = (
    Key("text", "text", "the payload as text"),
    Key("hex", "bytes", "the payload as hexadecimal digits"),
    Key("file", "text", "a file's bytes"),
    Key("copy", "count range", "bytes of an observed datagram by position from 0"),
    Key("random", "size", "so many seeded bytes"),
)
STEP_SEND: Final = (
    *PAYLOAD,
    Key("payload", "parts", "parts of a payload, joined"),
    Key("of", "pattern", "the datagram that copy takes; default: the one that triggered the step"),
    Key("flip", "count", "so many seeded bit flips"),
    Key("ttl", "count", "the datagram's time to live"),
)
STEP: Final = (*STEP_TIMES, *STEP_ACTIONS, *STEP_REBIND, *STEP_SEND)

PATTERN_KINDS: Final = (
    Key("sent", "flows", "put on the wire"),
    Key("delivered", "flows", "handed to a socket of the receiver"),
    Key("dropped", "flows", "lost on the way, for a reason"),
    Key("duplicated", "flows", "a second copy was made"),
    Key("corrupted", "flows", "damaged on the way"),
    Key("icmp", "flows", "an ICMP error reaches the second end"),
    Key("output", "host", "one line of output"),
    Key("started", "host", "the program runs"),
    Key("ready", "host", "it is ready; again after each restart"),
    Key("exit", "host", "it ended by itself"),
    Key("ended", "host", "it ended, by itself or by a step"),
    Key("either", "patterns", "any of these"),
)
REFINEMENTS: Final = (
    Key("says", "regex", "in the line, or in the payload"),
    Key("hex", "byte pattern", "the payload begins so; xx is any byte"),
    Key("size", "size range", "payload bytes"),
    Key("reason", "reason", "why it was dropped"),
    Key("code", "code", "exit code, or the code of an ICMP error"),
    Key("stream", "stream", "stdout or stderr"),
    Key("nth", "nth", "which match, counted from the start of the run; or last"),
    Key("plus", "duration", "that much later (instants only)"),
)
PATTERN: Final = (*PATTERN_KINDS, *REFINEMENTS)

CHECK_KINDS: Final = (
    Key("expect", "pattern", "matches as often as count says"),
    Key("never", "pattern", "does not match"),
    Key("measure", "measure", "a measure, compared with is"),
    Key("heartbeat", "heartbeat", "contract: expiry after the last beat"),
    Key("timeout", "timeout", "contract: tries, waits, giving up"),
    Key("delivery", "delivery", "contract: what is offered is taken as promised"),
    Key("alive", "host", "contract: it neither ends nor reports a crash"),
)
CHECK_WORDS: Final = (
    Key("after", "instant", "one anchor; it must happen"),
    Key("each", "pattern", "every match is an anchor; at least one must hold"),
    Key("whenever", "pattern", "every match is an anchor; none is fine too"),
    Key("within", "window", "when, counted from the anchor"),
    Key("unless", "pattern", "the window ends at its first match; what is open then is excused"),
    Key("during", "during", "which anchors count, or which matches"),
    Key("count", "count range", "how many matches", "1 .."),
    Key("is", "bounds", "what a measure is compared with"),
    Key("holds", "share range", "the share of runs in which it must hold"),
    Key("confidence", "share", "of an interval", "99.9999%"),
)
CHECK: Final = (*CHECK_KINDS, *CHECK_WORDS)

MEASURE_KINDS: Final = (
    Key("loss", "flows", "share of datagrams never delivered"),
    Key("duplicates", "flows", "share delivered more than once"),
    Key("reordering", "flows or pattern", "share that comes after one with a higher number"),
    Key("share", "pattern", "matches of it for each match of per"),
    Key("latency", "flows", "from sent to first delivered"),
    Key("time", "pattern", "from it to the next match of to"),
    Key("jitter", "flows", "RFC 3550 estimator at the end"),
    Key("goodput", "flows", "payload bits delivered for each second"),
    Key("value", "pattern", "the numbers caught as n"),
)
MEASURE_WORDS: Final = (
    Key("per", "pattern", "what a share is counted against"),
    Key("to", "pattern", "where a time ends"),
    Key("quantile", "share", "which quantile", "50%"),
)
MEASURE: Final = (*MEASURE_KINDS, *MEASURE_WORDS)

HEARTBEAT: Final = (
    Key("beat", "flows", "the heartbeats", required=True),
    Key("says", "regex", "what a heartbeat says"),
    Key("expires", "duration range", "after the last beat delivered", required=True),
    Key("expired", "pattern", "how an expiry shows", required=True),
    Key("every", "duration range", "between beats sent"),
    Key("returns", "duration range", "after the first beat behind an expiry"),
    Key("returned", "pattern", "how a return shows"),
)
TIMEOUT: Final = (
    Key("try", "pattern", "one try; one exchange for each text of its named groups", required=True),
    Key("waits", "waits", "after each try", required=True),
    Key("slack", "duration", "added to a wait that is no range", "100ms"),
    Key("answered", "pattern", "how an answer shows"),
    Key("gave_up", "pattern", "how giving up shows"),
)
DELIVERY: Final = (
    Key("offered", "pattern", "what is handed in, with a group id"),
    Key("ids", "count range", "instead of offered: the numbers that are handed in"),
    Key("taken", "pattern", "what comes out, with a group id", required=True),
    Key("promise", "promise", "how often, and optionally in order behind it", required=True),
    Key("takes", "duration range", "from handing in to coming out"),
)

MUTANT: Final = (
    Key("hosts", "hosts", "laid over the hosts"),
    Key("links", "links", "laid over the links"),
    Key("timeline", "steps", "instead of the timeline"),
    Key("edit", "edits", "{program: [old, new]}: a change where old stands once"),
    Key("breaks", "words", "the checks that must fail", required=True),
)

NOUNS: Final[dict[str, tuple[Key, ...]]] = {
    "file": FILE,
    "host": HOST,
    "ready": READY,
    "stop": STOP,
    "link": LINK,
    "loss list": LOSS_LIST,
    "loss states": LOSS_STATES,
    "step": STEP,
    "payload part": PAYLOAD,
    "pattern": PATTERN,
    "check": CHECK,
    "measure": MEASURE,
    "heartbeat": HEARTBEAT,
    "timeout": TIMEOUT,
    "delivery": DELIVERY,
    "mutant": MUTANT,
}


def names(keys: tuple[Key, ...]) -> tuple[str, ...]:
    """The names of some keys, in their order."""
    return tuple(key.name for key in keys)
