"""Names that a shell would read as commands: they work, or are refused by name before anything runs."""

import subprocess
import sys
from dataclasses import replace

import pytest
import yaml
from checkouts import TINY, Checkout, copy_repository

from wsss.openmoji.build import build

HOSTILE = 'it\'s "my" $(touch pwned) `touch pwned`; touch pwned & #1'
IMAGE = "$(touch${IFS}pwned);it's"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout in a folder of such a name, with a data set of the same, one picture of which is called so, too."""
    folder = tmp_path_factory.mktemp("names") / HOSTILE
    folder.mkdir()
    copy_repository(folder)
    data = folder / HOSTILE
    build(data, size=65, train=2, val=2)
    for name, kind in (("JPEGImages", "jpg"), ("SegmentationClass", "png"), ("Saliency", "png")):
        (data / name / f"train_0000.{kind}").rename(data / name / f"{IMAGE}.{kind}")
    for file in (data / "labels.csv", data / "ImageSets/Segmentation/train.txt"):
        file.write_text(file.read_text().replace("train_0000", IMAGE))
    return Checkout(folder)


def overlaid(place: Checkout, content: dict) -> Checkout:
    (place.folder / f"{HOSTILE[:12]}.yaml").write_text(yaml.safe_dump(content))
    return replace(place, config=(TINY, f"{HOSTILE[:12]}.yaml"))


def nothing_ran(place: Checkout) -> bool:
    return not [f for f in place.folder.parent.rglob("pwned*")]


def test_folders_and_pictures_of_any_name_work(place: Checkout):
    checkout = overlaid(place, {"dataset": {"path": HOSTILE}})
    checkout.snakemake("results/tiny/data/images.csv", "results/tiny/data/masks.csv")
    images = (checkout.results / "data/images.csv").read_text()
    assert f"{HOSTILE}/JPEGImages/{IMAGE}.jpg".replace('"', '""') in images
    assert checkout.dry_run("results/tiny/data/images.csv", "results/tiny/data/masks.csv") == {}
    assert checkout.dry_run("nsrom_table3")["train_classifier"] == 2
    assert nothing_ran(place)


def test_a_folder_for_weights_of_any_name_works(place: Checkout):
    known = {"some.pth": {"url": "http://127.0.0.1:9/$(touch${IFS}pwned)"}}
    checkout = overlaid(place, {"weights": {"folder": f"weights {HOSTILE}", "vgg16": "some.pth", "files": known}})
    run = checkout.snakemake(f"weights {HOSTILE}/some.pth", check=False)
    assert run.returncode
    assert f"put it at weights {HOSTILE}/some.pth" in run.stdout
    assert nothing_ran(place)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"dataset": {"name": HOSTILE}}, "The setting 'dataset.name' is "),
        ({"dataset": {"path": "{data}"}}, "The setting 'dataset.path' is '{data}': input should be a path without"),
        ({"experiments": {HOSTILE: {"label": "x"}}}, "experiments has the name "),
        ({"tables": {HOSTILE: {"title": "x", "rows": ["nsrom"]}}}, "tables has the name "),
        ({"tables": {"report": {"title": "x", "rows": ["nsrom"]}}}, "The name report is already used by another rule"),
    ],
)
def test_what_becomes_a_target_is_refused_by_name(place: Checkout, content: dict, sentence: str):
    run = overlaid(place, content).snakemake("nsrom_table3", check=False)
    assert run.returncode
    assert sentence in run.stdout
    assert "Traceback" not in run.stdout
    assert "Select jobs to execute" not in run.stdout
    assert nothing_ran(place)


def test_a_config_is_read_as_plain_yaml(place: Checkout):
    overlay = place.folder / "tagged.yaml"
    overlay.write_text("dataset: !!python/object/apply:os.system ['touch pwned']\n")
    run = replace(place, config=(TINY, "tagged.yaml")).snakemake("nsrom_table3", check=False)
    assert run.returncode
    assert "Config file is not valid JSON or YAML" in run.stdout
    assert nothing_ran(place)


def test_what_a_cluster_job_is_called_means_to_a_shell_what_it_says(place: Checkout):
    """A job's command names its rule and wildcards: every name that a config may have passes through bash unchanged."""
    from snakemake_interface_executor_plugins.utils import TargetSpec, encode_target_jobs_cli_args, format_cli_arg

    from wsss.config import load_config
    from wsss.variants import Plan

    name = "Aa0._-+x" * 3
    experiment = {"segmentation.supervision": "checkpoint", "segmentation.checkpoint": f"{name}.pth"}
    experiment |= {"segmentation.init": "coco", "segmentation.backbone": "resnet101", "segmentation.output_stride": 8}
    variants = Plan(load_config({"experiments": {"a.b-c": {"label": "x", "set": experiment}}})).known
    assert any(name in variant for _, variant in variants)
    for stage, variant in variants:
        spec = TargetSpec("evaluate_a.b-c", {"variant": variant, "seed": "0"})
        argument = format_cli_arg("--target-jobs", encode_target_jobs_cli_args([spec]))
        script = f"{sys.executable} -c 'import sys; print(sys.argv[2])' {argument}"
        run = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
        assert run.stdout == f"evaluate_a.b-c:variant={variant},seed=0\n", stage
