"""The chain behind a number."""

import json
import os
from pathlib import Path

import pytest

from wsss.artifacts import ArtifactError, sha256
from wsss.chains import Records, chains_section

BASELINE = {"masking.kernel": 10, "mining.enabled": True}
EVALUATION = Path("results/mine/evaluation/kernel-5/seed-0")


def step(stage: str, rule: str, inputs: dict[str, str], output: str, **parameters) -> None:
    """Writes an artifact and the record of the job that made it."""
    folder = Path("results/mine") / stage
    folder.mkdir(parents=True)
    (folder / output).write_text(stage)
    record = {
        "rule": rule, "finished": "2026-01-02T03:04:05+00:00", "seed": 0, "wall_seconds": 1.5,
        "code": {"commit": "0123456789abcdef", "dirty": False}, "parameters": parameters,
        "inputs": {"src/wsss/data.py": "ab" * 32, **inputs}, "libraries": {"torch": "2.15.0", "absent": None},
        "device": {"processor": "A processor", "gpu": None, "math_threads": 1, "deterministic": True},
    }  # fmt: skip
    (folder / "provenance.json").write_text(json.dumps(record))


def read(*paths: str) -> dict[str, str]:
    return {path: sha256(Path(path)) for path in paths}


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Records:
    """Data → classifier → labels → round1 → evaluation; the labels are made from the classifier's maps, too."""
    monkeypatch.chdir(tmp_path)
    os.makedirs("results/mine/data")
    images = Path("results/mine/data/images.csv")
    images.write_text("pictures")
    step("data/saliency", "detect_saliency", {}, "manifest.csv")
    step("classifier/default/seed-0", "train_classifier", read(str(images)), "model.safetensors")
    made = "results/mine/classifier/default/seed-0"
    labelled = read(f"{made}/model.safetensors", str(images)) | {f"{made}/attention": "folder"}
    step("labels/kernel-5/seed-0", "mask", labelled, "manifest.csv", **{"masking.kernel": 5, "mining.enabled": True})
    step("round1/other/seed-0", "train", read(str(images)), "model.safetensors")  # of another chain
    step("round1/kernel-5/seed-0", "train", read("results/mine/labels/kernel-5/seed-0/manifest.csv"), "m.safetensors")
    step("evaluation/kernel-5/seed-0", "evaluate", read("results/mine/round1/kernel-5/seed-0/m.safetensors"), "x")
    scores = {"raw": {"miou": 0.5}, "crf": {"miou": 0.625}}
    (EVALUATION / "metrics.json").write_text(json.dumps(scores))
    return Records(Path("results/mine"), BASELINE, Path("results/mine/data"))


def test_a_chain_has_every_step_once_and_in_order(records: Records):
    steps = [s.relative_to("results/mine").as_posix() for s in records.chain(EVALUATION)]
    assert steps == [
        "data/saliency", "classifier/default/seed-0", "labels/kernel-5/seed-0", "round1/kernel-5/seed-0",
        "evaluation/kernel-5/seed-0",
    ]  # fmt: skip
    assert records.seconds(records.chain(EVALUATION)) == 7.5


def test_a_step_tells_code_inputs_and_machine(records: Records):
    table = records.table(records.chain(EVALUATION)).set_index("step")
    labels = table.loc["labels/kernel-5/seed-0"]
    digest = sha256(Path("results/mine/data/images.csv"))[:10]
    assert f"data/images.csv {digest}" in labels["read"]
    assert "classifier/default/seed-0/model.safetensors " in labels["read"] and ".py" not in labels["read"]
    assert labels["differs_from_baseline"] == "masking.kernel = 5"
    assert (labels["code"], labels["seed"]) == ("0123456789", "0")
    assert set(table["still_so"]) == {"yes"}
    assert table["sources"].nunique() == 1


def test_a_chain_that_does_not_meet_says_so(records: Records):
    Path("results/mine/classifier/default/seed-0/model.safetensors").write_text("trained again")
    os.remove("results/mine/data/images.csv")
    table = records.table(records.chain(EVALUATION)).set_index("step")
    assert table.loc["labels/kernel-5/seed-0", "still_so"] == (
        "no: classifier/default/seed-0/model.safetensors, data/images.csv"
    )
    assert table.loc["round1/kernel-5/seed-0", "still_so"] == "yes"


def test_a_step_without_a_record_is_named(records: Records):
    os.remove("results/mine/labels/kernel-5/seed-0/provenance.json")
    with pytest.raises(ArtifactError, match=r"^results/mine/labels/kernel-5/seed-0/provenance\.json is missing"):
        records.chain(EVALUATION)


def test_the_page_of_a_table(records: Records):
    numbers = [("kernel <5>", 0, str(EVALUATION / "metrics.json"))]
    page = chains_section("nsrom_table3", "Table 3 & more", numbers, records)
    assert '<h2 id="nsrom_table3">Table 3 &amp; more</h2>' in page
    assert "<summary>kernel &lt;5&gt;, seed 0: mIoU 62.5 %</summary>" in page
    assert page.count("<details>") == 1 and page.count("<td>classifier/default/seed-0</td>") == 1


def test_libraries_and_hardware_are_told_once(records: Records):
    steps = records.chain(EVALUATION)
    here = "torch 2.15.0; A processor, math threads 1, deterministic."
    assert records.made_with(steps) == [f"All steps were made with {here}"]
    records.all[steps[-1]]["device"] |= {"gpu": "A GPU", "deterministic": False}
    everything, last = records.made_with(steps)
    assert everything.endswith(f"round1/kernel-5/seed-0: made with {here}")
    assert last == "evaluation/kernel-5/seed-0: made with torch 2.15.0; A GPU, math threads 1."
