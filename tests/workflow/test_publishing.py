"""Publishing a finished run, and restoring it in a real clone from a real DVC remote."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from checkouts import REPOSITORY, TINY, Checkout

TARGET = "nsrom_table3"
AFTER_MINING = {
    "mine_potential_objects", "train_segmentation", "predict_training_images", "mask_nonsalient_region", "evaluate",
    "compute_table", "write_table", "nsrom_table3",
}  # fmt: skip


def call(folder: Path, *command: str, check: bool = True) -> str:
    """Runs a command, and returns all that it printed.  Fails the test if it does not end as ``check`` says."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "DVC_", "WSSS_TARGETS"))}
    environment |= {"PYTHONPATH": "src", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "COLUMNS": "1000"}
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "test", f"GIT_{role}_EMAIL": "test@example.org"}
    run = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert (run.returncode == 0) == check, run.stdout
    assert "Traceback" not in run.stdout, run.stdout
    return run.stdout


def git(folder: Path, *arguments: str) -> str:
    return call(folder, "git", *arguments)


def dvc(folder: Path, *arguments: str) -> str:
    return call(folder, sys.executable, "-m", "dvc", *arguments)


def release(folder: Path, action: str, *targets: str, check: bool = True) -> str:
    """What ``make publish`` and ``make restore`` run, less the building of the environment."""
    return call(folder, sys.executable, "workflow/release.py", action, *targets, "--configfile", TINY, check=check)


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def under_git(folder: Path) -> None:
    """Makes a copy of the repository one with a commit."""
    for name in (".gitignore", ".dvcignore", ".dvc/config", ".dvc/.gitignore"):  # a copy without git lacks them
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(REPOSITORY / name, folder / name)
    git(folder, "init", "--quiet")
    commit(folder, "Code")


@dataclass(frozen=True)
class Published:
    """A repository with a published run, beside which clones find the default remote."""

    origin: Path

    @property
    def remote(self) -> Path:
        return self.origin.parent / "wsss-remote"

    def clone(self, name: str) -> Checkout:
        folder = self.origin.parent / name
        git(self.origin, "clone", "--quiet", str(self.origin), str(folder))
        return Checkout(folder)

    def stored(self, path: str) -> Path:
        """The object of the remote that holds a released file."""
        outs = yaml.safe_load((self.origin / "results/published/tiny/artifacts.dvc").read_text())["outs"]
        (md5,) = [out["md5"] for out in outs if out["path"] == path]
        return self.remote / "files/md5" / md5[:2] / md5[2:]


@pytest.fixture(scope="module")
def published(tiny_run: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Published:
    origin = tmp_path_factory.mktemp("release") / "origin"
    subprocess.run(["cp", "-a", str(tiny_run.folder), str(origin)], check=True)
    under_git(origin)
    release(origin, "publish", TARGET)
    commit(origin, "Publish")
    return Published(origin)


@pytest.fixture
def published_copy(published: Published, tmp_path: Path) -> Published:
    """The same to be broken: repository and remote."""
    subprocess.run(["cp", "-a", f"{published.origin.parent}/.", str(tmp_path)], check=True)
    return Published(tmp_path / "origin")


def artifacts(output: str, word: str) -> dict[str, str]:
    """Artifact → reason, of the lines of ``restore`` that begin with ``word``."""
    return dict(re.findall(rf"^{word}: (\S+): (.*)$", output, re.MULTILINE))


# --- a clone ------------------------------------------------------------------------------------------------------


def test_a_clone_has_nothing_left_to_do(published: Published):
    clone = published.clone("restored")
    assert not clone.results.exists()
    jobs = len(json.loads((clone.folder / "results/published/tiny/release.json").read_text())["jobs"])
    assert f"Restored {jobs} of {jobs} artifacts of tiny." in release(clone.folder, "restore")
    assert clone.dry_run(TARGET) == {}
    other = clone.snakemake("--dry-run", TARGET, "--config", "masking={kernel: 7}", check=False)
    assert "results/tiny was made with another baseline (masking.kernel was 10, now 7)" in other.stdout
    for file in ("round2/default/seed-0/model.safetensors", "tables/nsrom_table3.csv"):
        assert (clone.results / file).read_bytes() == (published.origin / "results/tiny" / file).read_bytes()
    assert git(clone.folder, "status", "--porcelain") == ""
    # A touch, of sources and of what was restored, reruns nothing; an edit, what it would have rerun at home.
    for path in (*clone.results.rglob("*"), *(clone.folder / "src").rglob("*.py")):
        path.touch()
    assert clone.dry_run(TARGET) == {}
    with open(clone.folder / "workflow/scripts/mine_potential_objects.py", "a") as script:
        script.write("# edited\n")
    assert set(clone.dry_run(TARGET)) == AFTER_MINING
    # What an edit has made stale is not blessed by restoring again.
    assert "mine_potential_objects.py has changed since" in release(clone.folder, "restore", check=False)
    assert set(clone.dry_run(TARGET)) == AFTER_MINING


def test_what_is_stale_is_named_and_not_restored(published: Published):
    clone = published.clone("edited")
    with open(clone.folder / "workflow/scripts/mine_potential_objects.py", "a") as script:
        script.write("# edited\n")
    settings = yaml.safe_load((clone.folder / TINY).read_text())
    settings["masking"]["kernel"] = 7
    (clone.folder / TINY).write_text(yaml.safe_dump(settings))
    output = release(clone.folder, "restore", check=False)
    reasons = artifacts(output, "stale")
    labels, masked = (f"results/tiny/{stage}/default/seed-0/labels" for stage in ("pseudo_labels", "masked_labels"))
    assert reasons[labels] == "workflow/scripts/mine_potential_objects.py has changed since"
    assert reasons[masked].startswith("masking.kernel was 10, now 7; it was made from ")
    assert reasons["results/tiny/tables/nsrom_table3.csv"].startswith("it was made from results/tiny/evaluation/")
    assert (
        f"Error: {len(reasons)} artifacts are stale (listed above): `snakemake {TARGET} --configfile {TINY}`" in output
    )
    assert [path for path in reasons if (clone.folder / path).exists()] == []
    # The rest is usable: Snakemake makes what is stale, and only that.
    assert (clone.results / "classifier/default/seed-0/model.safetensors").is_file()
    assert set(clone.dry_run(TARGET)) == AFTER_MINING


def test_a_missing_and_a_damaged_object(published_copy: Published):
    model, labels = (
        "results/tiny/round2/default/seed-0/model.safetensors",
        "results/tiny/pseudo_labels/default/seed-0/labels",
    )
    published_copy.stored(labels).unlink()
    damaged = published_copy.stored(model)
    damaged.chmod(0o644)
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    clone = published_copy.clone("clone")
    # Not even a remote that does not check what it gives (most do not) brings a damaged file in.
    dvc(clone.folder, "remote", "modify", "--local", "beside", "verify", "false")
    output = release(clone.folder, "restore", check=False)
    assert artifacts(output, "not restored") == {
        path: f"{path} is missing from the remote, or damaged there" for path in (model, labels)
    }
    assert "Error: 2 artifacts could not be had from the DVC remote (listed above; " in output
    assert not (clone.folder / model).exists() and not (clone.folder / labels).exists()
    assert (clone.results / "tables/nsrom_table3.csv").is_file()
    evaluation = "results/tiny/evaluation/default/seed-0/metrics.json"
    with open(clone.folder / "workflow/scripts/evaluate.py", "a") as script:
        script.write("# edited\n")
    assert clone.dry_run(evaluation)["train_segmentation"] == 1  # it is made anew when it is needed


def test_an_unreachable_remote(published: Published):
    clone = published.clone("alone")
    dvc(clone.folder, "remote", "add", "--local", "--default", "lab", "ssh://localhost:1/wsss")
    output = release(clone.folder, "restore", check=False)
    (sentence,) = [line for line in output.splitlines() if line.startswith("Error: ")]
    assert "could not be had from the DVC remote" in sentence and "ssh" in sentence
    assert not list(clone.results.rglob("*.safetensors"))


def test_an_interrupted_restore_is_taken_up(published: Published):
    """Stopped between DVC's files and their check: they are marked incomplete, and one of them is."""
    clone = published.clone("interrupted")
    stop = "    absent: dict[str, str] = {}\n"
    script = clone.folder / "workflow/release.py"
    text = script.read_text()
    assert text.count(stop) == 1
    script.write_text(text.replace(stop, "    os._exit(9)\n"))
    release(clone.folder, "restore", check=False)
    script.write_text(text)
    model = clone.results / "round2/default/seed-0/model.safetensors"
    good = model.read_bytes()
    model.unlink()
    model.write_bytes(good[:1000])
    assert clone.dry_run(TARGET)  # Snakemake does not take what is there for finished
    call(clone.folder, sys.executable, "-m", "snakemake", "--unlock", "--cores", "1")
    release(clone.folder, "restore")
    assert model.read_bytes() == good
    assert clone.dry_run(TARGET) == {}


def test_files_that_are_here_are_not_overwritten(published: Published):
    clone = published.clone("own")
    own = clone.results / "tables/nsrom_table3.csv"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    output = release(clone.folder, "restore", check=False)
    assert "results/tiny/tables/nsrom_table3.csv is here and is not the published one: move it away" in output
    assert own.read_text() == "mine"


# --- what is not published ----------------------------------------------------------------------------------------


def test_only_what_is_finished_and_committed_is_published(published_copy: Published):
    origin = published_copy.origin
    before = (origin / "results/published/tiny/release.json").read_bytes()
    shutil.rmtree(origin / "results/tiny/tables")
    assert f"`snakemake {TARGET} --configfile {TINY}` has something to do" in release(
        origin, "publish", TARGET, check=False
    )
    checkout = Checkout(origin)
    with open(origin / "workflow/scripts/write_table.py", "a") as script:
        script.write("# edited\n")
    checkout.snakemake(TARGET)
    output = release(origin, "publish", TARGET, check=False)
    assert (
        "Error: workflow/scripts/write_table.py is not committed as it is: commit it, so that a clone has it" in output
    )
    assert (origin / "results/published/tiny/release.json").read_bytes() == before


def test_what_the_config_leaves_out_is_not_published(published_copy: Published):
    origin = published_copy.origin
    settings = yaml.safe_load((origin / TINY).read_text())
    settings["release"] = {"leave_out": ["data/*/JPEGImages", "cams/*", "*/attention"]}
    (origin / TINY).write_text(yaml.safe_dump(settings))
    commit(origin, "Leave out")
    release(origin, "publish", TARGET)
    commit(origin, "Publish less")
    clone = published_copy.clone("less")
    release(clone.folder, "restore")
    assert clone.dry_run(TARGET) == {}
    assert not (clone.results / "cams").exists() and not (clone.results / "data/openmoji/JPEGImages").exists()
    # What is not here is judged all the same: its job's record is.
    with open(clone.folder / "workflow/scripts/export_maps.py", "a") as script:
        script.write("# edited\n")
    assert clone.dry_run(TARGET)["export_cams"] == 1


# --- numbers ------------------------------------------------------------------------------------------------------


def test_dvc_shows_numbers_from_git_alone(published: Published):
    clone = published.clone("reader")
    metrics = "results/published/tiny/metrics.json"
    shown = json.loads(dvc(clone.folder, "metrics", "show", "--json"))[""]["data"][metrics]["data"]
    table = (published.origin / "results/tiny/tables/nsrom_table3.csv").read_text().splitlines()
    scores = {row.split(",")[0]: float(row.split(",")[2]) for row in table[1:]}
    assert {name: values["miou"] for name, values in shown.items()} == pytest.approx(scores, abs=1e-4)
    changed = json.loads((clone.folder / metrics).read_text())
    changed["nsrom"]["miou"] += 1.5
    (clone.folder / metrics).write_text(json.dumps(changed))
    commit(clone.folder, "Better")
    difference = json.loads(dvc(clone.folder, "metrics", "diff", "--json", "HEAD~1", "HEAD"))
    assert difference[metrics]["nsrom.miou"]["diff"] == pytest.approx(1.5)
    plots = dvc(clone.folder, "plots", "show", "--json")
    errors, data = (json.loads(plots).get(key) for key in ("errors", "data"))
    assert not errors
    assert {"results/published/tiny/tables/nsrom_table3.csv", "tiny: training loss, round1"} <= data.keys()
    assert "index.html" in dvc(clone.folder, "plots", "show")
    assert not clone.results.exists()


def test_a_data_folder_travels_by_its_pointer(published_copy: Published, tiny_run: Checkout):
    """As docs/data.md says; the folder is a data set in VOC layout."""
    origin = published_copy.origin
    for name in ("voc2012", "weights"):
        shutil.copytree(tiny_run.results / "data/openmoji", origin / "data" / name)
    dvc(origin, "add", "data/voc2012", "data/weights")
    dvc(origin, "push")
    assert git(origin, "status", "--porcelain", "--untracked-files=all").split() == [
        "??", "data/voc2012.dvc", "??", "data/weights.dvc",
    ]  # fmt: skip
    commit(origin, "Data")
    clone = published_copy.clone("with_data")
    dvc(clone.folder, "pull", "data/voc2012.dvc")
    assert not (clone.folder / "data/weights").exists()
    for file in (tiny_run.results / "data/openmoji").rglob("*.*"):
        if file.is_file() and file.name != ".snakemake_timestamp":
            copy = clone.folder / "data/voc2012" / file.relative_to(tiny_run.results / "data/openmoji")
            assert copy.read_bytes() == file.read_bytes()
