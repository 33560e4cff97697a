"""The real rules from archives with VOC's layout to checked lists, detected saliency, and the VOC server's archive."""

import csv
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from checkouts import TINY, Checkout, copy_repository, reachable
from onnx_file import write_model
from test_ground_truth import TRAINED, scripts_by_rule
from voc_standin import StandIn, write_standin

from wsss.artifacts import sha256
from wsss.label_io import read_gray, read_label
from wsss.voc.submission import PLACE

CHECKED = ("images.csv", "masks.csv", "saliency.csv")


@dataclass(frozen=True)
class Place:
    """A checkout, and archives to run it on."""

    checkout: Checkout
    standin: StandIn

    def with_data(self, name: str, section: dict, **others: dict) -> Checkout:
        """The checkout with a data set of this name: ``section`` is its ``dataset:``, ``others`` further sections."""
        file = self.checkout.folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump({"dataset": section, **others}))
        return self.checkout.with_config(TINY, file.name)

    def data(self, name: str) -> Path:
        return self.checkout.folder / "results" / name / "data"

    def refused(self, name: str, section: dict, target: str) -> str:
        """What a run for one of the checked lists prints, which has to fail and leave none."""
        run = self.with_data(name, section).snakemake(f"results/{name}/data/{target}", check=False)
        assert run.returncode, run.stdout
        assert "Traceback" not in run.stdout
        assert not (self.data(name) / target).exists()
        return run.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("voc")
    copy_repository(folder)
    return Place(Checkout(folder), write_standin(tmp_path_factory.mktemp("archives")))


@pytest.fixture(scope="module")
def prepared(place: Place) -> Checkout:
    """A finished run from archives to the checked lists and the archive for the server."""
    section = place.standin.dataset_section("archives")
    # Full supervision is the experiment with the shortest chain.
    checkout = place.with_data("archives", section, submission={"experiment": "fully_supervised"})
    checkout.snakemake("submission", *(f"results/archives/data/{file}" for file in CHECKED))
    return checkout


def rows(file: Path) -> list[dict[str, str]]:
    with open(file, newline="") as stream:
        return list(csv.DictReader(stream))


# --- from archives ------------------------------------------------------------------------------------------------


def test_archives_become_checked_lists(place: Place, prepared: Checkout):
    standin, data = place.standin, place.data("archives")
    images = rows(data / "images.csv")
    assert {r["image_id"] for r in images if r["split"] == "trainaug"} == set(standin.ids["trainaug"])
    assert [r["image_id"] for r in images if r["split"] == "val"] == standin.ids["val"]
    assert sum(r["kind"] == "simple" for r in images if r["split"] == "trainaug") == standin.expected["simple"]
    for row in images:
        assert (int(row["height"]), int(row["width"])) == standin.masks[row["image_id"]].shape
    assert [row["image_id"] for row in rows(data / "saliency.csv")] == standin.ids["trainaug"]
    masks = {r["image_id"]: prepared.folder / r["mask"] for r in rows(data / "masks.csv")}
    assert masks.keys() == standin.masks.keys()
    for image_id, file in masks.items():
        mask, truth = read_label(file), standin.masks[image_id]
        assert (mask[mask != 255] == truth[mask != 255]).all() and (mask != 255).mean() > 0.5


def test_it_is_recorded_where_the_data_come_from(place: Place, prepared: Checkout):
    saliency = json.loads((place.data("archives") / "saliency/provenance.json").read_text())
    assert saliency["parameters"]["method"] == "precomputed maps"
    assert saliency["inputs"][str(place.standin.saliency)] == sha256(place.standin.saliency)
    pictures = json.loads((place.data("archives") / "voc2012/provenance.json").read_text())
    assert pictures["inputs"][str(place.standin.trainval)] == sha256(place.standin.trainval)


def test_the_submission_holds_the_test_pictures(place: Place, prepared: Checkout):
    archive = prepared.folder / "results/archives/submission/fully_supervised_seed-0.tar.gz"
    with tarfile.open(archive) as tar:
        assert tar.getnames() == [f"{PLACE}/{i}.png" for i in place.standin.ids["test"]]
    listed = {row["image_id"] for row in rows(place.data("archives") / "images.csv")}
    assert not listed & set(place.standin.ids["test"])


def test_nothing_is_left_to_do(prepared: Checkout):
    assert prepared.dry_run("submission", *(f"results/archives/data/{file}" for file in CHECKED)) == {}


def test_a_touched_archive_reruns_nothing(place: Place, prepared: Checkout):
    for archive in (place.standin.trainval, place.standin.sbd, place.standin.saliency, place.standin.test):
        archive.touch()
    assert prepared.dry_run("submission", *(f"results/archives/data/{file}" for file in CHECKED)) == {}


def test_nothing_that_trains_depends_on_masks(place: Place, prepared: Checkout):
    jobs, scripts = prepared.jobs("nsrom_table3"), scripts_by_rule()
    maker = {output: job.rule for job in jobs for output in job.outputs}
    rules = {maker[f] for job in jobs if job.rule in TRAINED for f in reachable(job, jobs) if f in maker}
    assert {"prepare_voc2012", "import_saliency", "check_images", "check_saliency"} < rules
    assert [rule for rule in rules if "may_read_masks" in scripts[rule]] == []
    assert "prepare_voc2012_masks" not in rules and "may_read_masks" in scripts["prepare_voc2012_masks"]


# --- from folders -------------------------------------------------------------------------------------------------


def test_folders_give_the_same(place: Place, prepared: Checkout, tmp_path: Path):
    standin = place.standin
    for name, archive in (("voc", standin.trainval), ("test", standin.test)):
        with tarfile.open(archive) as tar:
            tar.extractall(tmp_path / name, filter="data")
    section = standin.dataset_section(
        "folders", trainval={"path": str(tmp_path / "voc")}, test={"path": str(tmp_path / "test")}
    )
    section["voc2012"]["augmented"] = {"path": str(standin.augmented), "checksum": "off"}
    checkout = place.with_data("folders", section)
    checkout.snakemake(*(f"results/folders/data/{file}" for file in (*CHECKED, "test_images.csv")))
    pictures = place.data("folders") / "voc2012/JPEGImages"
    assert all(file.is_symlink() for file in pictures.glob("*.jpg"))  # no second copy on the disk
    for file in (*CHECKED, "test_images.csv"):
        digests = [
            {r["image_id"]: r["sha256"] for r in rows(place.data(name) / file)} for name in ("archives", "folders")
        ]
        assert digests[0] == digests[1]


# --- detected saliency --------------------------------------------------------------------------------------------


def test_saliency_is_detected_for_any_data_set(place: Place):
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    model = write_model(place.checkout.folder / "tiny.onnx")
    name, ids = "detected", [f"train_{i:04d}" for i in range(12)]
    section = {"name": name, "saliency": {"model": "tiny.onnx", "sha256": sha256(model)}}
    place.with_data(name, section).snakemake(f"results/{name}/data/saliency.csv")
    maps = {row["image_id"]: row["saliency"] for row in rows(place.data(name) / "saliency.csv")}
    assert maps == {image_id: f"results/{name}/data/saliency/maps/{image_id}.png" for image_id in ids}
    for file in maps.values():
        saliency = read_gray(place.checkout.folder / file)
        assert saliency.shape == (65, 65) and saliency.min() < 30 and saliency.max() > 200
    record = json.loads((place.data(name) / "saliency/provenance.json").read_text())
    assert record["inputs"]["tiny.onnx"] == record["parameters"]["sha256"] == sha256(model)
    assert record["parameters"]["method"] == "U²-Net (ONNX)" and "provider" in record["parameters"]


# --- what is refused ----------------------------------------------------------------------------------------------


def test_a_wrong_checksum(place: Place):
    section = place.standin.dataset_section("checksum", trainval={"path": str(place.standin.trainval)})
    output = place.refused("checksum", section, "images.csv")
    assert f"{place.standin.trainval} has the md5 checksum" in output
    assert "instead of 6cd6e144f989b92b3379bac3b3de84fd: get the file again" in output


def test_a_missing_archive(place: Place):
    section = place.standin.dataset_section("missing", sbd={"path": None}, downloads="nowhere")
    output = place.refused("missing", section, "masks.csv")
    assert "nowhere/benchmark.tgz is missing: put the file there, or correct its path in the configuration" in output


def test_no_network(place: Place):
    """Nobody listens at port 9 of this machine."""
    url = "http://127.0.0.1:9/benchmark.tgz"
    section = place.standin.dataset_section("offline", sbd={"path": None, "url": url}, downloads="down", download=True)
    output = place.refused("offline", section, "masks.csv")
    assert f"{url} cannot be downloaded" in output
    assert "get the file benchmark.tgz by other means and put it at down/benchmark.tgz" in output
    assert list(place.checkout.folder.glob("down/*")) == list(place.checkout.folder.glob("down/.*")) == []


def test_a_count_that_is_off(place: Place):
    expected = place.standin.expected | {"pairs": 15555}
    output = place.refused("count", place.standin.dataset_section("count", expected=expected), "images.csv")
    assert (
        f"has {place.standin.expected['pairs']} (image, class) pairs in training images, but 15555 are expect" in output
    )


def test_a_wrong_model_of_saliency(place: Place):
    section = place.standin.dataset_section("model") | {"saliency": {"model": "none.onnx"}}
    assert "none.onnx is missing: put the file there" in place.refused("model", section, "saliency.csv")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"saliency": None}, "dataset.voc2012 has no saliency maps: set dataset.saliency.maps or .model."),
        ({"saliency": {"url": "http://a/b"}}, "dataset.saliency needs either maps or model: set exactly one of them."),
        ({"saliency": {"model": "a", "url": "http://a/b"}}, "dataset.saliency.url needs dataset.saliency.model"),
        ({"path": "somewhere"}, "dataset.path and dataset.voc2012 both name the data"),
        ({"train_split": "train"}, "dataset.voc2012 has the splits trainaug and val"),
        (
            {"voc2012": {"trainval": {"pth": "a"}}},
            "'dataset.voc2012.trainval.pth' (did you mean 'dataset.voc2012.train",
        ),
        ({"voc2012": {"sbd": {"checksum": "abc"}}}, "The setting 'dataset.voc2012.sbd.checksum' is 'abc'"),
    ],
)
def test_settings_that_cannot_be(place: Place, change: dict, sentence: str):
    from wsss.config import ConfigError, load_config

    with pytest.raises(ConfigError) as caught:
        load_config({"dataset": place.standin.dataset_section("x") | change, "experiments": {"nsrom": {"label": "n"}}})
    assert sentence in str(caught.value)


def test_a_submission_needs_a_split(clone: Checkout):
    run = clone.snakemake("--dry-run", "submission", check=False)
    assert run.returncode and "dataset.test_split is null: name the split that submission predicts" in run.stdout
