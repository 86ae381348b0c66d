"""The house's floors: a room imports only from rooms below it, and every registry lists the files beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "ivrtest"

FLOORS = (
    {"source"},
    {"flow", "sip", "rtp", "audio"},
    {"check", "importers", "scenario"},
    {"call"},
    {"server"},
    {"run", "plan", "probe"},
    {"report"},
    {"cli", "pytest_plugin", "load"},
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
SIDEWAYS = {("plan", "run"), ("probe", "run")}
REGISTRIES = ("flow/nodes", "check/rules", "scenario/steps", "call/drivers", "importers")
IO_MODULES = {"asyncio", "socket", "selectors", "threading", "select", "random", "secrets", "subprocess"}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).parts
        room = parts[0].removesuffix(".py")
        if room not in {"__init__", "__main__"}:
            yield room, path


def imported(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import. write the whole name"
            yield node.lineno, f"{node.module}"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


@pytest.mark.parametrize(("room", "path"), [pytest.param(*found, id=str(found[1].relative_to(PACKAGE))) for found in modules()])
def test_a_module_imports_only_from_below(room: str, path: Path) -> None:
    assert room in FLOOR_OF, f'"{room}" is no room of the house. the rooms are {sorted(FLOOR_OF)}'
    wrong = []
    for line, name in imported(path):
        parts = name.split(".")
        if parts[0] != "ivrtest":
            if FLOOR_OF[room] < FLOOR_OF["call"] and parts[0] in IO_MODULES:
                wrong.append(f'{path}:{line}: room "{room}" is pure and may not import "{parts[0]}"')
            continue
        if len(parts) == 1 or parts[1] == "__version__" or parts[1] == room:
            continue
        other = parts[1]
        if FLOOR_OF[other] >= FLOOR_OF[room] and (room, other) not in SIDEWAYS:
            wrong.append(f'{path}:{line}: room "{room}" may not import room "{other}": it is not below')
    assert wrong == []


@pytest.mark.parametrize("folder", [name for name in REGISTRIES if (PACKAGE / name).is_dir()])
def test_a_registry_lists_every_file_beside_it(folder: str) -> None:
    room = "ivrtest." + folder.replace("/", ".")
    names = [name for _, name in imported(PACKAGE / folder / "__init__.py") if name.startswith(room + ".")]
    listed = {name.removeprefix(room + ".").split(".")[0] for name in names}
    beside = {path.stem for path in (PACKAGE / folder).glob("*.py") if path.stem != "__init__"}
    assert beside - listed == set()


def test_no_module_is_long() -> None:
    lengths = {str(path.relative_to(PACKAGE)): len(path.read_text(encoding="utf-8").splitlines()) for _, path in modules()}
    assert {name: lines for name, lines in lengths.items() if lines > 420} == {}
