"""Inputs made by a fuzzer that watches which code they reach (atheris, libFuzzer).

    python -m tests.fuzz.run flow --seconds 60

It begins with the project's own files and with what went wrong before (`corpus/`), and knows the words of the language. An input that
makes it fail is written to `--artifacts`; to keep it from coming back, it goes into `corpus/<target>/`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import atheris  # type: ignore[import-untyped]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LONGEST_INPUT = 8_000
"""Bytes. The examples fit; longer texts are slow and say no more."""
PATIENCE_S = 20
MEMORY_MB = 1_500
SEEDS = {"flow": ("flows", "tests/check/rules"), "scenario": ("scenarios", "flows/broken/scenarios")}
SIGNS = ("&a ", "*a", "<<: ", "!!int ", "!!binary |\n", "? ", "- ", "---\n", "...\n", "|+\n", ">-\n", "\ufeff", "\r\n", *"{}[]\"'#")


def words(target: str) -> Iterator[str]:
    """Yield the words of a language: the keys and the fixed values of its schema."""
    schema = ROOT / "ivrtest" / target / f"{target}.schema.json"
    waiting = [json.loads(schema.read_text(encoding="utf-8"))]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield from (f"{name}: " for name in part.get("properties", ()))
            yield from (value for value in part.get("enum", ()) if isinstance(value, str))
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def prepare(target: str, folder: Path) -> list[str]:
    """Write corpus and dictionary into a folder. Return libFuzzer's arguments for them."""
    corpus = folder / "corpus"
    corpus.mkdir()
    kept = HERE / "corpus" / target
    for number, path in enumerate(sorted(path for seed in SEEDS[target] for path in (ROOT / seed).rglob("*.yaml"))):
        (corpus / f"{number}.yaml").write_bytes(path.read_bytes()[:LONGEST_INPUT])
    for path in sorted(kept.iterdir()) if kept.is_dir() else ():
        (corpus / path.name).write_bytes(path.read_bytes()[:LONGEST_INPUT])
    quoted = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in dict.fromkeys((*SIGNS, *words(target))))
    (folder / "words.dict").write_text("".join(f'"{word}"\n' for word in quoted), encoding="ascii")
    return [str(corpus), f"-dict={folder / 'words.dict'}"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Fuzz a reader.")
    parser.add_argument("target", choices=SEEDS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--artifacts", type=Path, default=Path.cwd())
    arguments = parser.parse_args()
    with atheris.instrument_imports(include=["ivrtest"]):
        from tests.fuzz.targets import TARGETS
    with tempfile.TemporaryDirectory() as folder:
        limits = [f"-max_total_time={arguments.seconds}", f"-timeout={PATIENCE_S}", f"-rss_limit_mb={MEMORY_MB}"]
        limits.append(f"-max_len={LONGEST_INPUT}")
        report = [f"-seed={arguments.seed}", f"-artifact_prefix={arguments.artifacts}/", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *prepare(arguments.target, Path(folder)), *limits, *report], TARGETS[arguments.target])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
