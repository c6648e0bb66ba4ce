"""Events of a small run, written by hand: alice talks to a server."""

from harness.trace.events import Delivered, Dropped, Header, Output, Sent, Trace

HEADER = Header(scenario="s", digest="d", seed=1, lab="loopback", engine="user")
S = 1_000_000_000
MS = 1_000_000


def trace(*events, torn="", **header):
    fields = {"scenario": "s", "digest": "d", "seed": 1, "lab": "loopback", "engine": "user"}
    return Trace(Header(**{**fields, **header}), events, torn)


def sent(n, payload=b"PING", *, t=None, **more):
    fields = {"source": "alice", "target": "server", "k": n, "dport": 9999, **more}
    return Sent(n=n, t=n * S if t is None else t, payload=payload, **fields)


def delivered(n, of, *, t=None, **more):
    fields = {"source": "alice", "target": "server", "k": of, "dport": 9999, **more}
    return Delivered(n=n, t=n * S if t is None else t, of=of, **fields)


def dropped(n, of, reason="loss", **more):
    fields = {"source": "alice", "target": "server", "k": of, "dport": 9999, **more}
    return Dropped(n=n, t=n * S, of=of, reason=reason, **fields)


def output(n, line, host="server", **more):
    return Output(n=n, t=n * S, host=host, stream="stdout", line=line, **more)
