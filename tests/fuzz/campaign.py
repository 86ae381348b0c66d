"""Fuzz each reader for a while and say how much was tried: `python -m tests.fuzz.campaign --seconds 10`."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

TARGETS = ("flow", "scenario")
ROOT = Path(__file__).parents[2]
SHOWN = 30
"""Lines of a log that are shown when something was found."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz the readers for a bounded time.")
    parser.add_argument("--seconds", type=int, default=10, help="for each reader")
    seconds = parser.parse_args().seconds
    if find_spec("atheris") is None:
        print("fuzzing skipped: atheris is not installed. it is for Linux and Python before 3.14")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return max(fuzz(target, seconds, Path(folder)) for target in TARGETS)


def fuzz(target: str, seconds: int, folder: Path) -> int:
    """Fuzz one reader. Return 1 if an input was found that makes it fail, which is shown."""
    command = [sys.executable, "-m", "tests.fuzz.run", target, "--seconds", str(seconds), "--artifacts", str(folder)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    log = done.stdout.decode(errors="replace")
    tried = executed(log)
    if done.returncode == 0 and tried:
        print(f"fuzzing {target}: {tried:,} inputs in {seconds} s, and each was read or told what is wrong with it")
        return 0
    print("\n".join(line for line in log.splitlines()[-SHOWN:] if not line.startswith("#")))
    for path in folder.iterdir():
        print(f"fuzzing {target}: this input makes it fail: {path.read_bytes()!r}")
    return 1


def executed(log: str) -> int:
    """Return how many inputs a run tried, from what libFuzzer printed."""
    match = re.search(r"stat::number_of_executed_units:\s*([0-9]+)", log)
    return int(match[1]) if match else 0


if __name__ == "__main__":
    sys.exit(main())
