"""What YAML would read otherwise than it is written."""

from pathlib import Path

import pytest
import yaml

from wsss.config import ConfigError
from wsss.config_files import check_files

CONFIGS = Path(__file__).resolve().parents[2] / "config"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "masking:\n  kernel: 5\nseeds: [0]\nmasking: {images: all}\n",
            "lines 1 and 4: 'masking' is given twice, and YAML keeps only the second",
        ),
        ("masking:\n  kernel: 5\n  kernel: 6\n", "lines 2 and 3: 'kernel' is given twice"),
        ("seeds: [01, 010]\n", "line 1: YAML reads 01 as 1: write that, or 01 in quotes"),
        ("masking: {kernel: 010}\n", "line 1: YAML reads 010 as 8"),
        ("masking:\n  kernel: 1:30\n", "line 2: YAML reads 1:30 as 90"),
        ("experiments:\n  64: {label: x}\n", "line 2: YAML reads the name 64 as 64: put it in quotes"),
        ("experiments:\n  no: {label: x}\n", "line 2: YAML reads the name no as False: put it in quotes"),
    ],
)
def test_what_yaml_would_lose_is_refused(tmp_path: Path, text: str, sentence: str):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    yaml.safe_load(text)  # which says nothing
    with pytest.raises(ConfigError) as caught:
        check_files([file])
    assert str(caught.value).startswith(f"{file}, {sentence}") and str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        "", "# nothing\n", "masking: {kernel: 0, images: all}\n", "a: &x {b: 0.05}\nc: {<<: *x, d: 1}\n",
        "classes: ['010', \"1:30\"]\n'64': 1\n", "a: [0.010, 0e-3, 10, -1]\n", "- &a [*a]\n", "a: [1\n",
    ],
)  # fmt: skip
def test_what_yaml_reads_as_written_is_let_through(tmp_path: Path, text: str):
    (tmp_path / "mine.yaml").write_text(text)
    check_files([tmp_path / "mine.yaml", tmp_path / "nowhere.yaml"])


def test_the_projects_own_configs_are_read_as_written():
    files = sorted(CONFIGS.glob("*.yaml"))
    assert files
    check_files(files)
