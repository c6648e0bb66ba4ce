"""The shipped suite: wall time at the default ``--jobs`` against the sum of its runs' own spans.

    python ci/bench/suite.py [ROUNDS] [PATH]
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time


def once(path):
    with tempfile.TemporaryDirectory() as out:
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "harness", "run", path, "--out", out, "--json", "-"],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        wall_s = time.perf_counter() - began
    report = json.loads(done.stdout)
    spans = [run["span_ns"] / 1e9 for each in report["scenarios"] for run in each["runs"]]
    return wall_s, sum(spans), max(spans), done.returncode


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    path = sys.argv[2] if len(sys.argv) > 2 else "scenarios"
    results = [once(path) for _ in range(rounds)]
    wall_s, total_s, longest_s = (statistics.median(r[i] for r in results) for i in range(3))
    print(f"medians of {rounds} rounds of harness run {path}; exit codes {[r[3] for r in results]}")
    print(f"  wall {wall_s:.1f} s, sum of the runs' spans {total_s:.1f} s, longest {longest_s:.1f} s")
    print(f"  wall / sum {wall_s / total_s:.2f}, wall / longest {wall_s / longest_s:.2f}")


if __name__ == "__main__":
    main()
