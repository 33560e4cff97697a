"""requirements.in, requirements.lock and environment.yml say the same."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def direct() -> dict[str, str | None]:
    """Name → pinned version, if any, of the lines of requirements.in."""
    lines = [line.split("#")[0].strip() for line in (ROOT / "requirements.in").read_text().splitlines()]
    found = [re.fullmatch(r"([A-Za-z0-9._-]+)(?:==(\S+))?", line) for line in lines if line]
    assert all(found)
    return {normal(match[1]): match[2] for match in found}


def locked() -> dict[str, str]:
    """Name → version of the lock, on Python 3.11."""
    entries = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)(?: ; (.*?))? \\$", (ROOT / "requirements.lock").read_text(), re.M)
    newer = r"python_full_version >= '3\.1[2-9]'"
    return {normal(name): version for name, version, marker in entries if not re.match(newer, marker)}


def conda() -> list:
    return yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]


def test_the_lock_holds_every_direct_dependency():
    pins = locked()
    for name, version in direct().items():
        assert name in pins
        assert version in (None, pins[name])


def test_environment_yml_has_the_locked_versions():
    (pip,) = [entry["pip"] for entry in conda() if isinstance(entry, dict)]
    pins = dict(entry.split("==") for entry in pip if "==" in entry)
    assert {normal(name): version for name, version in pins.items()} == {name: locked()[name] for name in direct()}


def test_environment_yml_has_the_tested_python():
    assert "python=3.11" in conda()


@pytest.mark.parametrize("file", ["requirements.in", "requirements.lock", "environment.yml"])
def test_no_address_is_written_down(file: str):
    text = (ROOT / file).read_text()
    assert "://" not in text
    assert not re.search(r"(^|[\s=@])/\w", text)  # nor an absolute path
    assert "--find-links" not in text and "index-url" not in text


def test_every_entry_of_the_lock_has_hashes():
    entries = re.split(r"^(?=[A-Za-z0-9])", (ROOT / "requirements.lock").read_text(), flags=re.M)
    entries = [entry for entry in entries if re.match(r"[A-Za-z0-9]", entry)]
    assert len(entries) > 100
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._-]+==\S+", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry
