"""Nothing from outside is executed: no pickles, no YAML tags, no shell, no path that leads elsewhere.

That archives cannot write outside their folder is shown in ``test_archives.py``.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
import torch
from pydantic.fields import FieldInfo

from wsss.checkpoints import CheckpointError, load_checkpoint, read_pth
from wsss.config import ConfigError, load_config, section_of
from wsss.data import DataError
from wsss.given_lists import split_ids
from wsss.settings import Science

ROOT = Path(__file__).resolve().parents[2]
PYTHON = [f for folder in ("src", "workflow", "benchmarks") for f in sorted((ROOT / folder).rglob("*.py"))]
RULES = [ROOT / "Snakefile", *sorted((ROOT / "rules").glob("*.smk"))]
UNPICKLING = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
NEVER = {"eval", "exec", "os.system", "os.popen", "pd.read_pickle", "pandas.read_pickle", "yaml.load", "yaml.load_all",
         "yaml.unsafe_load", "yaml.full_load", "torch.hub.load", "torch.jit.load"}  # fmt: skip


def dangers(source: str) -> list[str]:
    """What in a Python source would execute what it reads, or hand it to a shell."""
    return [what for node in ast.walk(ast.parse(source)) for what in _dangers_of(node)]


def _dangers_of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (a.name for a in node.names if a.name.split(".")[0] in UNPICKLING)
    elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in UNPICKLING:
        yield node.module
    elif isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        given = {k.arg: ast.unparse(k.value) for k in node.keywords}
        if name in NEVER:
            yield name
        if name == "torch.load" and given.get("weights_only") != "True":
            yield "torch.load"
        if given.get("allow_pickle", "False") != "False" or given.get("shell", "False") != "False":
            yield name


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from joblib import load", "def f():\n    import dill.detect", "eval(text)",
        "torch.load(f)", "torch.load(f, weights_only=False)", "torch.load(f, weights_only=trusted)",
        "np.load(f, allow_pickle=True)", "np.load(f, allow_pickle=maybe)", "yaml.load(f, yaml.Loader)",
        "subprocess.run(f'cp {name} there', shell=True)", "os.system(command)",
    ],
)  # fmt: skip
def test_the_scan_finds_what_it_looks_for(source: str):
    assert dangers(source)


def test_the_sources_execute_nothing_that_they_read():
    assert len(PYTHON) > 80
    assert {str(f.relative_to(ROOT)): found for f in PYTHON if (found := dangers(f.read_text()))} == {}


def test_no_rule_starts_a_shell():
    """Scripts are given values as Python objects; a shell command would have them in its text."""
    assert len(RULES) > 10
    for file in RULES:
        assert not re.search(r"^\s*(shell|run|wrapper|notebook|cwl|conda|container)\s*:", file.read_text(), re.M), file


# --- checkpoints --------------------------------------------------------------------------------------------------


class Hostile:
    """Creates a file when it is unpickled."""

    def __init__(self, file: Path):
        self.file = file

    def __reduce__(self):
        return open, (str(self.file), "w")


@pytest.mark.parametrize("zipped", [True, False])
def test_a_hostile_pth_is_refused_and_runs_nothing(tmp_path: Path, zipped: bool):
    trace, file = tmp_path / "trace", tmp_path / "hostile.pth"
    state = {"weight": torch.zeros(2), "more": Hostile(trace)}
    torch.save(state, file, _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match=r"hostile\.pth holds more than tensors \(\w*\.open\)") as e:
        read_pth(file)
    assert "\n" not in str(e.value)
    assert not trace.exists()
    torch.load(file, weights_only=False)  # the file is what it pretends to be
    assert trace.exists()


def test_a_pickle_in_place_of_our_checkpoint_is_refused(tmp_path: Path):
    trace, file = tmp_path / "trace", tmp_path / "model.safetensors"
    torch.save({"weight": Hostile(trace)}, file)
    with pytest.raises(CheckpointError, match=r"model\.safetensors cannot be read as a checkpoint"):
        load_checkpoint(file, torch.nn.Linear(1, 1), {})
    assert not trace.exists()


# --- names --------------------------------------------------------------------------------------------------------

HOSTILE = ["two words", "it's", 'a"b', "$(touch pwned)", "`touch pwned`", "a;b", "a&b", "../a", "a/b", "-rf", ".",
           "{x}", "a\nb", ""]  # fmt: skip
ROW = {"experiments": {"one": {"label": "One"}}}
ROW_OF_GENERIC = {
    "experiments": {"one": {"label": "One", "set": {"method": "generic", "retraining.retrain_on": "none"}}}
}
NAMED = {
    "dataset.name": lambda name: {"dataset": {"name": name}},
    "results": lambda name: {"results": name},
    "dataset.train_split": lambda name: {"dataset": {"train_split": name}},
    "dataset.test_split": lambda name: ROW | {"dataset": {"test_split": name}, "submission": {"experiment": "one"}},
    "confusion_figures": lambda name: ROW | {
        "confusion_figures": {name: {"title": "t", "experiments": ["one"], "pairs": [["boat", "cow"]]}}
    },
    "weights.resnet38": lambda name: {"weights": {"resnet38": f"{name}.params"}},
    "weights.vgg16": lambda name: {"weights": {"vgg16": f"{name}.pth"}},
    "segmentation.checkpoint": lambda name: {"segmentation": {"checkpoint": f"{name}.pth"}},
    "experiments": lambda name: {"experiments": {name: {"label": "x"}}},
    "tables": lambda name: ROW | {"tables": {name: {"title": "t", "rows": ["one"]}}},
    "sweeps": lambda name: ROW | {
        "sweeps": {name: {"title": "t", "key": "masking.kernel", "values": [1], "experiment": "one", "axis": "a"}}
    },
    "figures": lambda name: ROW | {"figures": {name: {"title": "t"}}},
    "feature_figures": lambda name: ROW_OF_GENERIC | {
        "feature_figures": {name: {"title": "t", "kind": "clouds", "experiments": ["one"]}}
    },
}  # fmt: skip


@pytest.mark.parametrize("key", NAMED)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_a_shell_or_a_path_would_read_otherwise_is_refused(key: str, name: str):
    load_config(NAMED[key]("plain-1.0_b"))
    with pytest.raises(ConfigError) as caught:
        load_config(NAMED[key](name))
    assert key in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("path", ["{wildcard}", "a\nb", "a\x00b", ""])
def test_a_path_that_a_rule_cannot_hold_is_refused(path: str):
    with pytest.raises(ConfigError, match=r"dataset\.path.*without braces and control characters\.$"):
        load_config({"dataset": {"path": path}})
    with pytest.raises(ConfigError, match=r"dataset\.coco\.pictures.*without braces and control characters\.$"):
        load_config({"dataset": {"coco": {"annotations": "a", "pictures": path}}})
    load_config({"dataset": {"name": "mine", "path": '../it\'s $(touch pwned) & "my" data'}})


@pytest.mark.parametrize("block", [*HOSTILE, "C44", "4.", ".4", "4..0", "4.0\n"])
def test_a_block_is_a_name_of_the_paper_or_numbers(block: str):
    for form in ("C41", "4", "4.0", "6.3.1"):
        load_config({"generic": {"block": form}})
    with pytest.raises(ConfigError, match=r"generic\.block"):
        load_config({"generic": {"block": block}})


def test_no_free_text_enters_the_name_of_a_variant():
    """Variants name folders and a cluster's jobs; of settings that are text, all values or their form are fixed."""
    texts = {key: field for key, field in _fields(Science) if str in _kinds(field.annotation)}
    assert set(texts) == {"segmentation.checkpoint", "generic.block"}  # their patterns are tested
    assert any(get_origin(f.annotation) is Literal for _, f in _fields(Science))


def _fields(model: type, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        inner = section_of(field.annotation)
        if inner is None:
            yield f"{prefix}{name}", field
        else:
            yield from _fields(inner, f"{prefix}{name}.")


def _kinds(annotation: object) -> set:
    if get_origin(annotation) is Literal:
        return set()
    return {annotation}.union(*(_kinds(a) for a in get_args(annotation)))


@pytest.mark.parametrize("image_id", ["../outside", "/tmp/outside", "a/b", "..", ".hidden", "a\x07b", "a\x00b"])
def test_an_image_id_that_is_a_path_is_refused(tmp_path: Path, image_id: str):
    lists = tmp_path / "ImageSets/Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text(f"good\n{image_id}\n")
    with pytest.raises(DataError, match=r"train\.txt holds .* which is no image id: list names of pictures"):
        split_ids(tmp_path, "train")
    (lists / "train.txt").write_text("good\n$(touch${IFS}pwned)\nit's\n")
    assert split_ids(tmp_path, "train") == ["good", "$(touch${IFS}pwned)", "it's"]
