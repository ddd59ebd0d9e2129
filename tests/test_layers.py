"""Imports point down only, and every module that computes results has a say in the digest of the code."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from potrun.core.provenance import PACKAGE_DIR, computing_files

ROOMS = (
    ("core",),
    ("geometry", "plasma"),
    ("losscone",),
    ("archive",),
    ("simulate", "fetch", "search"),
    ("results",),
    ("plots",),
    ("studies",),
    ("tracking",),
    ("runs",),
    ("api",),
    ("cli",),
)
"""From the bottom to the top; a room knows those below it, and not its neighbours on the same floor."""

STARTS = ("__init__", "__main__", "compare", "day", "plot", "rerun", "sync", "archive.inspect", "archive.simulate",
          "fetch.__main__")  # fmt: skip
"""Modules that only start a command, where Python looks for them."""

NO_NUMBERS = ("core.atomic", "core.compiling", "core.errors", "core.interrupts", "core.locks", "core.machine",
              "core.progress", "core.provenance")  # fmt: skip
"""What computing modules use and what cannot change a number: files, errors, signals, cores, what is shown."""


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name without ``potrun.``; a package by its own name."""
    found = {}
    for path in PACKAGE_DIR.rglob("*.py"):
        parts = path.relative_to(PACKAGE_DIR).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return found


def imported(tree: ast.AST) -> Iterator[str]:
    """Names that a module imports, also within functions, but for those that only type checkers read."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        yield from imported(node)


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    """From each module to the modules of the package that it imports."""
    known = modules()
    edges = defaultdict(set)
    for module, path in known.items():
        for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
            target = name.removeprefix("potrun.")
            while target and target not in known:
                target = target.rpartition(".")[0]
            if name.startswith("potrun.") and target and target != module:
                edges[module].add(target)
    return edges


def test_every_room_has_a_floor():
    rooms = {name.partition(".")[0] for name in modules() if name not in STARTS}
    assert rooms == {room for floor in ROOMS for room in floor}


def test_imports_point_down(graph):
    floors = {room: height for height, floor in enumerate(ROOMS) for room in floor}
    wrong = []
    for module, targets in graph.items():
        if module in STARTS:
            continue
        room = module.partition(".")[0]
        for target in targets:
            other = target.partition(".")[0]
            if other != room and floors[other] >= floors[room]:
                wrong.append(f"{module} imports {target}")
    assert not wrong


def test_no_modules_import_each_other(graph):
    def follow(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, f"circle: {' -> '.join((*way[way.index(module) :], module))}"
        if module not in done:
            for target in graph[module]:
                follow(target, (*way, module))
            done.add(module)

    done: set[str] = set()
    for module in list(graph):
        follow(module, ())


def test_the_digest_covers_whatever_computes(graph):
    covered = set(computing_files())
    known = modules()
    missing, seen = [], set()
    waiting = ["runs.day", "results.merge"]
    while waiting:
        module = waiting.pop()
        if module in seen or module in NO_NUMBERS:
            continue
        seen.add(module)
        if known[module] not in covered:
            missing.append(module)
        waiting.extend(graph[module])
    assert not missing
    assert len(seen) > 50
