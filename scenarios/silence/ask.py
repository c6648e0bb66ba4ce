"""Asks once and ends in its timeout when nothing comes back.

    python ask.py HOST:PORT [--wait 2] [--connect]

With --connect the socket is connected, so the kernel passes on an ICMP port-unreachable as
ECONNREFUSED; that is printed as ``refused`` but does not end the wait, because such an error may
be stale or forged. An unconnected socket is never told. It exits with 0 on an answer, else 1.
"""

import argparse
import socket
import sys
import time


def endpoint(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def answer(client, server, deadline):
    """The first datagram from the server, or None at the deadline."""
    while (left := deadline - time.monotonic()) > 0:
        client.settimeout(left)
        try:
            datagram, sender = client.recvfrom(65535)
        except TimeoutError:
            return None
        except ConnectionRefusedError:
            print("refused", flush=True)
            continue
        if sender[:2] == server:
            return datagram
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", type=endpoint)
    parser.add_argument("--wait", type=float, default=2.0, help="seconds")
    parser.add_argument("--connect", action="store_true")
    options = parser.parse_args()
    family = socket.AF_INET6 if ":" in options.address[0] else socket.AF_INET
    client = socket.socket(family, socket.SOCK_DGRAM)
    if options.connect:
        client.connect(options.address)
        client.send(b"anybody there?")
    else:
        client.sendto(b"anybody there?", options.address)
    print("sent", flush=True)
    reply = answer(client, options.address, time.monotonic() + options.wait)
    if reply is None:
        print(f"no answer within {options.wait:g} s", flush=True)
        sys.exit(1)
    print(f"answer {reply!r}", flush=True)


if __name__ == "__main__":
    main()
