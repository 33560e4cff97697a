"""Which source files a script depends on, so that an edit reruns exactly what it can change."""

import ast
from collections.abc import Iterator
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
    for node in _statements(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [f for name in names for f in _files(name, packages)]


def _statements(block: ast.AST) -> Iterator[ast.AST]:
    """All statements below ``block``: their expressions, most of a tree, import nothing."""
    for field in ("body", "orelse", "handlers", "finalbody", "cases"):
        for node in getattr(block, field, ()):
            yield node
            yield from _statements(node)


@cache
def _files(name: str, packages: tuple[Path, ...]) -> list[Path]:
    """The files that importing ``name`` runs: those of a and a.b, too, for a.b.c."""
    parts, files = name.split("."), []
    for root in packages:
        for end in range(1, len(parts) + 1):
            base = root.joinpath(*parts[:end])
            files += [f for f in (base.with_suffix(".py"), base / "__init__.py") if f.is_file()]
    return files
