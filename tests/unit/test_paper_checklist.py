"""docs/papers.md, the checklist of the papers: what it names exists, has the value given, no numbered item lacks."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from wsss.config import Config, load_config
from wsss.variants import Plan

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "papers.md").read_text()
TEXTS = {"NSROM:": "nsrom", "The reader's note": "nsrom_note", "Generic features": "generic_features", "SMVWE": "smvwe"}
HEADER = ["item", "what it is", "where in the code", "target", "decision", "what deviates"]
OVERLAYS = {  # name on the page → config files laid over config.yaml
    "voc2012": ["voc2012"],
    "voc2012_paper": ["voc2012", "voc2012_paper"],
    "voc2012_generic": ["voc2012", "voc2012_generic"],
    "voc2012_smvwe": ["voc2012", "voc2012_smvwe"],
    "coco": ["voc2012", "voc2012_generic", "coco"],
}
SETTING = re.compile(r"(\w+)(?:/(\w+))?: ([\w.]+) = (.+)")


def rows_by_paper() -> dict[str, list[list[str]]]:
    """Heading of the second level → the cells of each row of its tables."""
    found = {}
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        lines = [line for line in section.splitlines() if line.startswith("|") and not line.startswith("|---")]
        cells = [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
        found[section.splitlines()[0]] = [row for row in cells if row != HEADER]
    return found


ROWS = [row for rows in rows_by_paper().values() for row in rows]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_no_cell_is_empty_and_what_is_not_made_says_why():
    assert len(ROWS) > 100
    assert [row for row in ROWS if len(row) != len(HEADER) or not all(row)] == []
    assert [row for row in ROWS if row[3].startswith("not made") and not re.match(r"not made: \w.{10}", row[3])] == []
    assert [row for row in ROWS if row[2] == "none" and not row[3].startswith("not made: ")] == []


@cache
def names_in(module: Path) -> set[str]:
    """What a module defines: functions, classes, their methods, constants."""
    found = set()
    for node in ast.parse(module.read_text()).body:
        if isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign):
            found.add(node.target.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
            found |= {f"{node.name}.{m.name}" for m in getattr(node, "body", []) if isinstance(m, ast.FunctionDef)}
    return found


def is_in_the_library(name: str) -> bool:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = REPOSITORY / "src" / Path(*parts[:length])
        module, rest = path.with_suffix(".py"), ".".join(parts[length:])
        if module.is_file():
            return not rest or rest in names_in(module)
        if path.is_dir():
            return not rest
    return False


def test_modules_and_functions_exist():
    named = {name for name in quoted(PAGE) if name.startswith("wsss.")}
    assert len(named) > 50
    assert sorted(name for name in named if not is_in_the_library(name)) == []


def test_files_exist():
    named = {name for name in quoted(PAGE) if re.fullmatch(r"[\w.-]+(/[\w.-]+)+\.\w+", name)}
    assert named
    assert sorted(name for name in named if not (REPOSITORY / name).is_file()) == []


@pytest.fixture(scope="module")
def targets() -> set[str]:
    """The rules that can be asked for, with the configs of all papers laid over each other."""
    overlays = [f"config/{name}.yaml" for name in ("voc2012", "voc2012_smvwe", "voc2012_generic")]
    command = [Path(sys.executable).with_name("snakemake"), "--list-target-rules", "--configfile", *overlays]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


def test_targets_exist(targets):
    named = [[name for name in quoted(row[3]) if not name.startswith("wsss.")] for row in ROWS]
    assert [row[0] for row, names in zip(ROWS, named, strict=True) if not names and "not made" not in row[3]] == []
    assert sorted({name for names in named for name in names} - targets) == []


@cache
def config_of(overlay: str) -> Config:
    raw: dict = {}
    for name in ["config", *OVERLAYS[overlay]]:
        update_config(raw, yaml.safe_load((REPOSITORY / "config" / f"{name}.yaml").read_text()))
    return load_config(raw)


def value_of(overlay: str, experiment: str | None, key: str):
    config = config_of(overlay)
    if experiment:
        return Plan(config).settings(experiment)[key]
    value = config
    for name in key.split("."):
        value = value[name] if isinstance(value, dict) else getattr(value, name)
    return value


@pytest.mark.parametrize("stated", sorted({s for s in quoted(PAGE) if SETTING.fullmatch(s)}))
def test_settings_have_the_stated_values(stated):
    overlay, experiment, key, value = SETTING.fullmatch(stated).groups()
    assert value_of(overlay, experiment, key) == yaml.safe_load(value)


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_links_lead_to_what_they_name():
    """A link to the decisions is called as the bold words that a decision begins with."""
    broken = []
    for words, file, anchor in re.findall(r"\[([^\]]+)\]\(([\w./-]+)(?:#([\w-]+))?\)", PAGE):
        path = REPOSITORY / "docs" / file
        text = path.read_text() if path.is_file() else ""
        headings = {slug(h) for h in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)}
        if not text or (anchor and anchor not in headings) or (file == "decisions.md" and f"\n**{words}" not in text):
            broken.append((words, file, anchor))
    assert broken == []


NUMBERED = {  # kind → how a paper's text calls one, or prints its number
    "Table": r"[Tt]able (\d+)",
    "Figure": r"[Ff]ig(?:ure|s)?\.? ?(\d+)",
    "Algorithm": r"[Aa]lgorithm (\d+)",
    "Eq.": r"Eq(?:uation|\.) ?(\d+)|\((\d{1,2})\)\s*\$\$|\$\$\s*\((\d{1,2})\)|\\tag\{(\d+)\}",
}


def text_of(heading: str, papers: Path) -> str:
    """A paper's text without acknowledgements and references."""
    text = (papers / f"{TEXTS[heading]}.txt").read_text()
    return re.split(r"\n#* *(?:Acknowledge?ments|References)\b", text)[0]


@pytest.mark.parametrize("heading", TEXTS)
def test_every_numbered_item_has_a_line(heading, papers):
    items = {row[0] for row in next(rows for title, rows in rows_by_paper().items() if title.startswith(heading))}
    called = {
        f"{kind} {number}"
        for kind, pattern in NUMBERED.items()
        for match in re.finditer(pattern, text_of(heading, papers))
        for number in match.groups()
        if number
    }
    assert called
    assert sorted(called - items) == []


NO_STATEMENT = [  # what holds numbers in a running text that state nothing
    r"^.*\t.*$",  # rows of tables, which files in config/paper have cell by cell
    r"^#*\s*\d(\.\d)?\.? [A-Z].*$",  # headings
    r"```[\s\S]*?```",  # an algorithm with its lines' numbers
    r"\[[\d, –-]+\]|\([^()]*\b(?:19|20)\d\d[a-z]?\b[^()]*\)",  # citations
    r"<?https?://\S+",
    r"^[A-Z]\w+ \d+, \d{4}$",  # a date
]


@pytest.mark.parametrize("heading", TEXTS)
def test_every_number_of_the_running_text_is_on_the_page(heading, papers):
    """Compared as numbers: those with two digits or more, or a decimal point."""
    text = re.sub("|".join(NO_STATEMENT), " ", text_of(heading, papers), flags=re.MULTILINE)
    stated = {n.replace(",", "") for n in re.findall(r"(?<![\w.{_^-])\d[\d,]*\.?\d+", text)}
    section = next(s for s in re.split(r"^## ", PAGE, flags=re.MULTILINE) if s.startswith(heading)).replace(",", "")
    there = {float(n) for n in re.findall(r"(?<![\w.])\.?\d+(?:\.\d+)?", section)}
    assert sorted(n for n in stated if float(n) not in there) == []
