"""How long the command takes to say something: medians over alternating runs.

    python ci/bench/startup.py [RUNS]
"""

import re
import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import harness": [sys.executable, "-c", "import harness"],
    "harness --help": [sys.executable, "-m", "harness", "--help"],
}


def wall_ms(command):
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1000


def dominating_imports(count):
    """The modules that cost most by themselves in ``harness --help``."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "harness", "--help"],
        check=True,
        capture_output=True,
        text=True,
    )
    rows = re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", done.stderr)
    packages = {}
    for own_us, module in rows:
        name = module.partition(".")[0]
        packages[name] = packages.get(name, 0) + int(own_us)
    return sorted(packages.items(), key=lambda item: -item[1])[:count]


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    times = {name: [] for name in COMMANDS}
    for _ in range(runs):
        for name, command in COMMANDS.items():
            times[name].append(wall_ms(command))
    bare = statistics.median(times["python -c pass"])
    print(f"{runs} runs of each, alternating; medians")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"  {name:<16} {median:7.1f} ms   + {median - bare:6.1f} ms over python -c pass")
    print("packages that cost most at import in harness --help (own time, one run):")
    for name, own_us in dominating_imports(6):
        print(f"  {name:<16} {own_us / 1000:7.1f} ms")


if __name__ == "__main__":
    main()
