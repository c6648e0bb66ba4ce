"""The relay against a bare loopback socket pair: throughput without loss, and added latency.

    python ci/bench/relay.py [ROUNDS]

The same two programs run directly, then through ``harness run`` with an idle link, in turn.
"""

import re
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent / "relay"
RATES = (1_000, 10_000)
FLOODS = (10_000, 15_000, 20_000, 30_000, 40_000)
SECONDS = 3
REPORT = re.compile(r"got (\d+) p50 (\d+) p99 (\d+) rate (\d+)")


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def bare(rate, count):
    address = f"127.0.0.1:{free_port()}"
    sink = subprocess.Popen(
        [sys.executable, FOLDER / "sink.py", address, str(count)], stdout=subprocess.PIPE, text=True
    )
    sink.stdout.readline()
    subprocess.run(
        [sys.executable, FOLDER / "source.py", address, str(rate), str(count)], check=True
    )
    text, _ = sink.communicate(timeout=60)
    return tuple(map(int, REPORT.search(text).groups()))


def relayed(rate, count):
    with tempfile.TemporaryDirectory() as out:
        subprocess.run(
            [sys.executable, "-m", "harness", "run", FOLDER / "one_way.yaml", "--out", out,
             "--lab", "loopback", "--set", f"rate={rate}", "--set", f"count={count}"],
            stdout=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        (trace,) = Path(out).glob("[0-9]*/*/*/trace.jsonl")
        found = REPORT.search(trace.read_text(encoding="utf-8"))
        return tuple(map(int, found.groups())) if found else (0, 0, 0, 0)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"latency of 100-byte datagrams one way, medians of {rounds} rounds, in microseconds")
    for rate in RATES:
        pairs = [(bare(rate, rate * SECONDS), relayed(rate, rate * SECONDS)) for _ in range(rounds)]
        for column, name in ((1, "p50"), (2, "p99")):
            plain = statistics.median(pair[0][column] for pair in pairs)
            ours = statistics.median(pair[1][column] for pair in pairs)
            print(f"  {rate:>6}/s {name}: bare {plain:.0f}, relay {ours:.0f}, added {ours - plain:.0f}")
        lost = statistics.median(rate * SECONDS - pair[1][0] for pair in pairs)
        print(f"  {rate:>6}/s lost through the relay: {lost:.0f} of {rate * SECONDS}")
    print("highest offered rate without any loss, and the rate received")
    for name, way in (("bare", bare), ("relay", relayed)):
        best = (0, 0)
        for rate in FLOODS:
            count, _, _, received = way(rate, rate * SECONDS)
            if count == rate * SECONDS:
                best = (rate, received)
        print(f"  {name}: offered {best[0]}/s, received {best[1]}/s")


if __name__ == "__main__":
    main()
