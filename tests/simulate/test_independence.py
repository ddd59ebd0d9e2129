import ast
from pathlib import Path

import potrun.simulate as package

ALLOWED = ("potrun.simulate", "potrun.core.errors", "potrun.core.records")


def test_nothing_of_potruns_physics_is_imported():
    folder = Path(package.__file__).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            wrong = [name for name in names if name.startswith("potrun") and not name.startswith(ALLOWED)]
            assert not wrong, f"{path.name} imports {wrong}"
