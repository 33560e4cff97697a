"""Which sources a script depends on."""

from pathlib import Path

from wsss.code_graph import sources

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "scripts/train.py": "from job import run\nimport wsss.training\n",
    "scripts/label.py": "def main():\n    from wsss.method import labels\n",
    "scripts/job.py": "import os\n",
    "src/wsss/__init__.py": "",
    "src/wsss/training.py": "import numpy\nfrom wsss.data import read\n",
    "src/wsss/data.py": "from wsss import training\n",  # a circle
    "src/wsss/method/__init__.py": "",
    "src/wsss/method/labels.py": "import wsss.other as other\n",
    "src/wsss/other.py": "",
    "src/wsss/unused.py": "",
}


def tree(folder: Path, **changes: str) -> Path:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(changes.get(name, text))
    return folder


def found(folder: Path, script: str) -> list[str]:
    files = sources(folder / "scripts" / script, (folder / "src", folder / "scripts"))
    return [str(f.relative_to(folder)) for f in files]


def test_imports_are_followed_through_modules(tmp_path):
    assert found(tree(tmp_path), "train.py") == [
        "scripts/job.py", "scripts/train.py", "src/wsss/__init__.py", "src/wsss/data.py", "src/wsss/training.py"
    ]  # fmt: skip


def test_imports_inside_functions_and_packages_on_the_way_count(tmp_path):
    assert found(tree(tmp_path), "label.py") == [
        "scripts/label.py", "src/wsss/__init__.py", "src/wsss/method/__init__.py", "src/wsss/method/labels.py",
        "src/wsss/other.py",
    ]  # fmt: skip


def test_only_imports_change_the_list(tmp_path):
    comment = {"src/wsss/training.py": "# import wsss.unused\n" + FILES["src/wsss/training.py"]}
    importing = {"src/wsss/data.py": "from wsss import unused\n"}
    plain = found(tree(tmp_path / "plain"), "train.py")
    assert found(tree(tmp_path / "comment", **comment), "train.py") == plain
    assert found(tree(tmp_path / "importing", **importing), "train.py") == [*plain, "src/wsss/unused.py"]


def test_the_list_does_not_depend_on_the_order_of_search(tmp_path):
    files = sources(tree(tmp_path) / "scripts" / "train.py", (tmp_path / "scripts", tmp_path / "src"))
    assert [str(f.relative_to(tmp_path)) for f in files] == found(tmp_path, "train.py")


def depends(script: str) -> set[str]:
    scripts = ROOT / "workflow" / "scripts"
    return {str(f.relative_to(ROOT)) for f in sources(scripts / f"{script}.py", (ROOT / "src", scripts))}


def test_label_stages_depend_on_the_labels_and_not_on_training():
    for script in ("fuse_saliency", "mine_potential_objects", "mask_nonsalient_region"):
        assert {"src/wsss/nsrom/labels.py", "workflow/scripts/job.py"} <= depends(script)
        assert not {"src/wsss/training.py", "src/wsss/backbones.py", "src/wsss/nsrom/stages.py"} & depends(script)


def test_training_stages_do_not_depend_on_the_labels():
    for script in ("train_classifier", "train_integral", "train_segmentation"):
        assert "src/wsss/training.py" in depends(script)
        assert "src/wsss/nsrom/labels.py" not in depends(script)


def test_segmentation_knows_no_method():
    for script in ("train_segmentation", "evaluate", "predict"):
        assert not [f for f in depends(script) if f.startswith("src/wsss/nsrom/")]


def test_no_method_depends_on_another():
    own = ("train_image_classifier", "find_patterns", "project_features", "estimate_masks")
    for script in (*own, "compute_clouds", "draw_clouds", "draw_projections"):
        assert not [f for f in depends(script) if f.startswith("src/wsss/nsrom/")]
    for script in ("train_classifier", "export_maps", "fuse_saliency"):
        assert not [f for f in depends(script) if f.startswith("src/wsss/generic/")]


def test_masks_are_estimated_without_what_trains():
    assert "src/wsss/generic/masks.py" in depends("estimate_masks")
    assert not {"src/wsss/training.py", "src/wsss/generic/network.py"} & depends("estimate_masks")
