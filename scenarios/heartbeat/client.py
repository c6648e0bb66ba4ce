"""Sends a heartbeat at a fixed interval and reports when the server stops answering.

    python client.py HOST:PORT [--every 2] [--name NAME] [--beats N]

The timetable is kept by deadlines, so that the time spent sending does not add up. With --beats
it ends after so many.
"""

import argparse
import itertools
import socket
import time


def endpoint(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def listen_until(client, deadline):
    """Take answers until the deadline; True when at least one came."""
    answered = False
    while (left := deadline - time.monotonic()) > 0:
        client.settimeout(left)
        try:
            answered = client.recv(2048) == b"ALIVE" or answered
        except TimeoutError:
            break
        except ConnectionRefusedError:
            continue
    return answered


def beat(client, message):
    try:
        client.send(message)
    except OSError as error:  # a dead server must not end the client
        print(f"not sent: {error}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", type=endpoint)
    parser.add_argument("--every", type=float, default=2.0, help="seconds")
    parser.add_argument("--name", default="")
    parser.add_argument("--beats", type=int, help="how many; without it, for ever")
    options = parser.parse_args()
    family = socket.AF_INET6 if ":" in options.address[0] else socket.AF_INET
    client = socket.socket(family, socket.SOCK_DGRAM)
    client.connect(options.address)
    message = f"HEARTBEAT {options.name}".rstrip().encode()
    due = time.monotonic()
    for number in itertools.count(1):
        beat(client, message)
        if number == options.beats:
            return
        due += options.every
        if not listen_until(client, due):
            print(f"no answer to beat {number}", flush=True)


if __name__ == "__main__":
    main()
