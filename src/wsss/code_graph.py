"""Which source files a script depends on, so that an edit reruns exactly what it can change."""

import ast
from functools import cache
from pathlib import Path


def sources(script: Path, packages: tuple[Path, ...]) -> list[Path]:
    """``script`` and every module under ``packages`` that it imports, directly or not, sorted.

    ``packages`` are import roots (folders that hold packages or modules).  Imports inside functions count.
    """
    found: set[Path] = set()
    pending = [Path(script)]
    while pending:
        file = pending.pop()
        if file not in found:
            found.add(file)
            pending += _imports(file, packages)
    return sorted(found)


@cache
def _imports(file: Path, packages: tuple[Path, ...]) -> list[Path]:
    names = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    files = []
    for name in names:
        for root in packages:
            parts = name.split(".")
            # Importing a.b.c also runs a and a.b.
            for end in range(1, len(parts) + 1):
                base = root.joinpath(*parts[:end])
                files += [f for f in (base.with_suffix(".py"), base / "__init__.py") if f.is_file()]
    return files
