"""The files of a first scenario, as ``harness new`` writes them: they pass at once, and teach.

Text only; where the files go is the caller's affair.
"""

from __future__ import annotations

from typing import Final

_SCENARIO: Final = """\
# Run it:           harness run .
# Prove its checks: harness run . --prove
# See it expanded:  harness explain FILE

# The claim, one sentence. Reports begin with it.
scenario: a lost question is asked again, and every question gets its answer

# When the run ends: half a second after the client has. Should it never end, at the deadline.
until: {exit: client, plus: 500ms}
deadline: 6s

# Which programs run. Each finds out where to bind and whom to ask from $(…) in its command:
# $(self:9999) is this host's own address and port, $(server:9999) the server's.
hosts:
  server: {run: python server.py $(self:9999)}
  client: {run: python client.py $(server:9999) --asks 3}

# What happens to their datagrams. The more specific rule wins, field by field.
# Loss by position makes the same run every time; `loss: 5%` draws from the seed.
links:
  any -> any: {delay: 20ms}
  client -> server: {loss: {packets: [2]}}

# What must be true. Everything is judged from what was sent, delivered and printed.
checks:
  every question is answered:
    each: {output: client, says: '^ask (?P<id>\\d+)$'}     # every such line starts a clock
    expect: {output: client, says: '^answer $(id)$'}      # $(id) is what (?P<id>…) caught
    within: 2s
  the lost question is asked again: {expect: {sent: client -> server, says: ^ask 2$}, count: 2}
  the client ends well: {expect: {exit: client, code: 0}}

# A check that cannot fail proves nothing: each mutant is a wrong program, with the checks
# that must catch it.
mutants:
  asks once and waits for ever:
    hosts: {client: {run: python naive_client.py $(server:9999) 3}}
    breaks: [every question is answered, the lost question is asked again, the client ends well]
  answers something else:
    edit: {server.py: ['b"answer "', 'b"whatever "']}     # old text, new text
    breaks: [every question is answered, the lost question is asked again, the client ends well]
"""

_SERVER: Final = '''\
"""Answers questions: ``ask N`` gets ``answer N``.   python server.py HOST:PORT"""

import socket
import sys


def main():
    host, _, port = sys.argv[1].rpartition(":")
    host = host.strip("[]")
    server = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((host, int(port)))
    while True:
        datagram, sender = server.recvfrom(65535)
        word, _, number = datagram.partition(b" ")
        if word != b"ask" or not number.isdigit():
            print(f"ignored {len(datagram)} bytes from {sender[0]}:{sender[1]}", flush=True)
            continue
        print(f"asked {number.decode()} by {sender[0]}:{sender[1]}", flush=True)
        try:
            server.sendto(b"answer " + number, sender)
        except OSError as error:
            print(f"no answer to {sender[0]}:{sender[1]}: {error}", flush=True)


if __name__ == "__main__":
    main()
'''

_CLIENT: Final = '''\
"""Asks, waits half a second, and asks again, three times at most.

    python client.py HOST:PORT --asks 3

It ends with code 1 when a question was never answered.
"""

import argparse
import socket
import sys
import time

TRIES = 3
WAIT = 0.5  # seconds


def answered(client, number, deadline):
    """Whether the answer to this question comes before the deadline; others are left aside."""
    while (left := deadline - time.monotonic()) > 0:
        client.settimeout(left)
        try:
            if client.recv(65535) == b"answer %d" % number:
                return True
        except TimeoutError:
            return False
        except ConnectionRefusedError:
            continue  # nobody listens yet; only the deadline counts
    return False


def ask(client, number):
    for _ in range(TRIES):
        deadline = time.monotonic() + WAIT
        try:
            client.send(b"ask %d" % number)
        except ConnectionRefusedError:
            pass  # the refusal of an earlier datagram
        if answered(client, number, deadline):
            return True
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--asks", type=int, default=1)
    options = parser.parse_args()
    host, _, port = options.address.rpartition(":")
    host = host.strip("[]")
    client = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    client.connect((host, int(port)))  # from now on only the server is heard
    for number in range(1, options.asks + 1):
        print(f"ask {number}", flush=True)
        if not ask(client, number):
            print(f"gave up on {number}", flush=True)
            sys.exit(1)
        print(f"answer {number}", flush=True)


if __name__ == "__main__":
    main()
'''

_NAIVE_CLIENT: Final = '''\
"""The client of a first attempt: it asks once and blocks until something comes.

    python naive_client.py HOST:PORT ASKS
"""

import socket
import sys

host, _, port = sys.argv[1].rpartition(":")
host = host.strip("[]")
client = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
for number in range(1, int(sys.argv[2]) + 1):
    print(f"ask {number}", flush=True)
    client.sendto(f"ask {number}".encode(), (host, int(port)))
    data, sender = client.recvfrom(1024)
    print(data.decode(), flush=True)
'''


def new_scenario(name: str) -> dict[str, str]:
    """File names and texts of a first scenario called ``name``: it, two programs, a naive one."""
    return {
        f"{name or 'first'}.yaml": _SCENARIO,
        "server.py": _SERVER,
        "client.py": _CLIENT,
        "naive_client.py": _NAIVE_CLIENT,
    }
