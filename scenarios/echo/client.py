"""Asks an echo server, one question at a time, and says what became of each.

    python client.py HOST:PORT --name alice --asks 20 [--wait 2]

For each question it prints ``ask N``, then ``answer N TEXT`` or, when nothing came in time,
``timeout N``. An answer is taken only from the server's address and only for the open question.
"""

import argparse
import socket
import time


def endpoint(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def connected_socket(address):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    client = socket.socket(family, socket.SOCK_DGRAM)
    client.connect(address)  # the kernel now drops what comes from anybody else
    return client


def answer_to(client, number, deadline):
    """The text of the answer to question ``number``, or None at the deadline."""
    while (left := deadline - time.monotonic()) > 0:
        client.settimeout(left)
        try:
            datagram = client.recv(65535)
        except TimeoutError:
            return None
        except ConnectionRefusedError:
            continue  # an ICMP error may be forged or stale: only the deadline counts
        text = datagram.decode("utf-8", "replace")
        if text.startswith("Ack: ") and text.split()[-1] == str(number):
            return text
    return None


def ask(client, name, number, wait):
    print(f"ask {number}", flush=True)
    deadline = time.monotonic() + wait
    try:
        client.send(f"{name} {number}".encode())
    except ConnectionRefusedError:
        pass
    answer = answer_to(client, number, deadline)
    if answer is None:
        print(f"timeout {number}: nothing came within {wait:g} s", flush=True)
    else:
        print(f"answer {number} {answer}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", type=endpoint)
    parser.add_argument("--name", default="client")
    parser.add_argument("--asks", type=int, default=1)
    parser.add_argument("--wait", type=float, default=2.0, help="seconds")
    options = parser.parse_args()
    client = connected_socket(options.address)
    for number in range(1, options.asks + 1):
        ask(client, options.name, number, options.wait)


if __name__ == "__main__":
    main()
