"""What importing `.server` takes, in a fresh interpreter each time."""

import subprocess
import sys
from collections.abc import Sequence

from benchmarks.candidates import OURS, PUBLISHED
from benchmarks.measure import Result, Target

__all__ = ["measure_imports"]

PACKAGES = {each.name: each.package for each in (OURS, PUBLISHED)}
SCRIPT = """
import re, sys, time, warnings
from pathlib import Path
warnings.simplefilter("ignore")
began = time.process_time()
__import__(sys.argv[1] + ".server")
peak = re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())
print(time.process_time() - began, peak[1])
"""


def measure_imports(rounds: int) -> Sequence[Result]:
    """CPU time in milliseconds, and the whole process' memory in MiB."""
    times: dict[str, list[float]] = {name: [] for name in PACKAGES}
    sizes: dict[str, list[float]] = {name: [] for name in PACKAGES}
    _import_each()  # writes the compiled files
    for _ in range(rounds):
        for name, (seconds, kibibytes) in _import_each().items():
            times[name].append(seconds * 1000)
            sizes[name].append(kibibytes / 1024)
    return [
        Result("import of .server: time", Target(times=5), "ms", times),
        Result("import of .server: memory", Target(at_most=45), "MiB", sizes),
    ]


def _import_each() -> dict[str, tuple[float, float]]:
    found = {}
    for name, package in PACKAGES.items():
        command = [sys.executable, "-c", SCRIPT, package]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        seconds, kibibytes = output.split()
        found[name] = float(seconds), float(kibibytes)
    return found
