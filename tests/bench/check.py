"""How long a check takes, as ratios that hold on any machine: against a bare YAML loader, and as flows grow.

    python tests/bench/check.py [NODES]

A flow of NODES nodes (10,000) is checked whole, from the text to the findings, and so is one ten times as large. The yardstick is
PyYAML's C loader on the same text, which only makes plain data of it. Each time is the processor's, the best of several runs.

Measured on four busy cores (Python 3.11): a whole check takes 1.1 to 1.4 times what the loader does, of 10,000 nodes in 125 MB of memory
and of 100,000 in 1 GB. Ten times the nodes take 10.7 to 11.6 times as long, the loader itself 10.7 to 13: nothing in a check takes more
than linear time, but more of what it walks through lies outside of the processor's caches, which others use, too. From the shell, 20 nodes
take 150 to 190 ms, of which all but 30 are for importing.
"""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from ivrtest.check.checker import check
from ivrtest.check.context import CheckContext
from ivrtest.flow.read import read_flow
from ivrtest.source.text import Source
from ivrtest.source.undisturbed import undisturbed

HEAD = """\
ivrtest: flow/1
name: large
entry: menu_0
languages: [en, es]
prompts:
  main_menu: {en: "For sales, press 1. For support, press 2. Operator, press 0.", es: "Ventas, oprima 1. Ayuda, oprima 2. Otra, oprima 0."}
  opening_hours: {en: "We are open from nine to five.", es: "Atendemos de nueve a cinco."}
  ask_account: {en: "Please enter your account number.", es: "Marque su número de cuenta."}
  goodbye: {en: "Thank you for calling. Goodbye.", es: "Gracias por llamar. Hasta luego."}
nodes:
"""
GROUP = """\
  menu_{n}:
    menu:
      prompt: main_menu
      keys: {{"1": hours_{n}, "2": account_{n}, "0": operator_{n}}}
      no_input: {{after: 5s, retries: 2, then: operator_{n}}}
      no_match: {{retries: 2, then: operator_{n}}}
  hours_{n}:
    announce: {{prompt: opening_hours, goto: menu_{m}}}
  account_{n}:
    collect:
      prompt: ask_account
      into: account
      min: 8
      max: 8
      attempts: 3
      exhausted: operator_{n}
      goto: find_{n}
  find_{n}:
    lookup:
      name: account
      with: {{number: account}}
      outcomes: {{found: hours_{n}}}
      failed: operator_{n}
      timed_out: operator_{n}
  operator_{n}:
    transfer: {{to: "+12025550199", busy: goodbye, no_answer: goodbye, failed: goodbye}}
"""
TAIL = """\
  goodbye:
    hang_up: {prompt: goodbye}
"""
A_GROUP = 5


def flow_text(nodes: int) -> str:
    """Return a flow of about so many nodes: a chain of small trees, each of which leads to the next."""
    groups = nodes // A_GROUP
    return HEAD + "".join(GROUP.format(n=n, m=(n + 1) % groups) for n in range(groups)) + TAIL


@undisturbed()
def whole_check(text: str) -> int:
    reading = read_flow(Source("large.yaml", text))
    assert reading.flow is not None
    return len(check(reading.flow, CheckContext(flows={"large": reading.flow}))) + len(reading.findings)


def loaded(text: str) -> object:
    return yaml.load(text, Loader=yaml.CSafeLoader)


def best(work: Callable[[], object], runs: int, clock: Callable[[], float] = time.process_time) -> float:
    """Return the least seconds that a run took: of the processor, which other programs take less of than of the clock on the wall."""
    seconds = []
    for _ in range(runs):
        gc.collect()
        began = clock()
        work()
        seconds.append(clock() - began)
    return min(seconds)


def from_the_shell(runs: int = 10) -> float:
    """Return the seconds on the wall. The compiled modules are kept as on any machine, even where they are told not to be."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "small.yaml"
        path.write_text(flow_text(20).replace("name: large", "name: small"), encoding="utf-8")
        command = [sys.executable, "-m", "ivrtest", "check", "--no-recordings", str(path)]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = str(Path(folder) / "compiled")
        return best(lambda: subprocess.run(command, capture_output=True, check=True, cwd=folder, env=environment), runs, time.perf_counter)


def memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(nodes: int) -> None:
    text = flow_text(nodes)
    yardstick = best(lambda: loaded(text), 5)
    print(f"{nodes:,} nodes, {len(text) / 1e6:.1f} MB of YAML. PyYAML's C loader alone: {yardstick:.2f} s")
    found = whole_check(text)
    reading = best(lambda: read_flow(Source("large.yaml", text)), 3)
    whole = best(lambda: whole_check(text), 5)
    print(f"whole check: {whole:.2f} s, {whole / yardstick:.2f} times the loader (reading {reading:.2f} s; {found} findings)")
    print(f"memory until here: {memory_mb():.0f} MB")
    longer = flow_text(10 * nodes)
    much = best(lambda: whole_check(longer), 2)
    memory = memory_mb()
    more = best(lambda: loaded(longer), 1) / yardstick
    print(f"{10 * nodes:,} nodes: {much:.2f} s, {much / whole:.1f} times as long (the loader: {more:.1f} times). memory: {memory:.0f} MB")
    print(f"20 nodes from the shell: {1000 * from_the_shell():.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
