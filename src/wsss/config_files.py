"""What YAML accepts in a config and reads otherwise than it is written, refused before it is lost in the mapping."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from wsss.setting_types import ConfigError

OCTAL, BASE60 = re.compile(r"[-+]?0[0-9_]+"), re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")


def check_files(files: Iterable[Path]) -> None:
    """Raises ``ConfigError`` for a key that is given twice, a name that is none, a number of another base.

    Files that are no YAML are left to who reads them.
    """
    for file in files:
        try:
            content = yaml.compose(Path(file).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            continue
        for mistake in _mistakes(content, set()):
            raise ConfigError(f"{file}, {mistake}.")


def _mistakes(node: yaml.Node | None, seen: set[int]) -> Iterator[str]:
    if node is None or id(node) in seen:  # an alias leads to what was looked at
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            yield from _name(key, lines)
            yield from _mistakes(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _mistakes(value, seen)
    elif isinstance(node, yaml.ScalarNode) and node.tag.endswith((":int", ":float")):
        yield from _number(node)


def _number(node: yaml.ScalarNode) -> Iterator[str]:
    if OCTAL.fullmatch(node.value) or BASE60.fullmatch(node.value):
        read = yaml.safe_load(node.value)
        yield f"line {_line(node)}: YAML reads {node.value} as {read}: write that, or {node.value} in quotes"


def _name(key: yaml.Node, lines: dict[str, int]) -> Iterator[str]:
    if not isinstance(key, yaml.ScalarNode) or key.tag.endswith(":merge"):
        return
    if not key.tag.endswith(":str"):
        yield f"line {_line(key)}: YAML reads the name {key.value} as {yaml.safe_load(key.value)!r}: put it in quotes"
    if key.value in lines:
        yield (
            f"lines {lines[key.value]} and {_line(key)}: '{key.value}' is given twice, and YAML keeps only the second: "
            "write both in one"
        )
    lines[key.value] = _line(key)


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1
