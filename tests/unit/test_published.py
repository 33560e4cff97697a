"""The numbers that a release leaves in git, and ``dvc.yaml``."""

import json
from pathlib import Path

import yaml

from wsss.config import load_config
from wsss.published import describe, publish_numbers, scores

REPOSITORY = Path(__file__).resolve().parents[2]
HEAD = "experiment,label,miou,miou_std,miou_without_crf,seeds,retention\n"


def config(name: str):
    raw = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text())
    raw["dataset"] = {"name": name}
    return load_config(raw)


def finished(results: Path) -> list[str]:
    """Files of a run: a table, a sweep, a history, and what is no number."""
    contents = {
        "tables/nsrom_table3.csv": HEAD + "nsrom,ours,67.60519,,61.3,1,86.2\nbaseline,plain,64.5,0.25,57.9,3,\n",
        "tables/nsrom_table3.md": "| a |\n",
        "tables/nsrom_table3_classes.csv": "class,ours\ncat,1\n",
        "tables/nsrom_table3_seeds.csv": "experiment,label,seed,miou,miou_without_crf,iou_cat\nnsrom,ours,0,1,2,1\n",
        "figures/nsrom_figure6.csv": "value,miou\n1,2\n",
        "round1/nodes-8/seed-0/history.csv": "epoch,loss\n0,2\n",
        "evaluation/default/seed-0/metrics.json": "{}",
    }
    for name, text in contents.items():
        (results / name).parent.mkdir(parents=True, exist_ok=True)
        (results / name).write_text(text)
    return [str(results / name) for name in contents]


def test_numbers_are_copied_and_old_ones_go(tmp_path: Path):
    folder, results = tmp_path / "published", tmp_path / "results/mine"
    (folder / "tables").mkdir(parents=True)
    (folder / "tables/old.csv").touch()
    publish_numbers(finished(results), results, folder)
    assert sorted(f.relative_to(folder).as_posix() for f in folder.rglob("*.*")) == [
        "curves/nsrom_figure6.csv", "histories/round1_nodes-8_seed-0.csv", "metrics.json", "tables/nsrom_table3.csv",
        "tables/nsrom_table3.md", "tables/nsrom_table3_classes.csv", "tables/nsrom_table3_seeds.csv",
    ]  # fmt: skip
    assert json.loads((folder / "metrics.json").read_text()) == {
        "baseline": {"miou": 64.5, "miou_std": 0.25, "miou_without_crf": 57.9, "seeds": 3},
        "nsrom": {"miou": 67.6052, "miou_without_crf": 61.3, "retention": 86.2, "seeds": 1},
    }


def test_scores_of_labels_are_not_taken_for_scores_of_networks(tmp_path: Path):
    table = "experiment,label,label_miou,label_miou_std,seeds\nnsrom,ours,80.5,0.5,3\nmu,.7,70.5,,3\n"
    files = [tmp_path / "nsrom_table3.csv", tmp_path / "smvwe_ablation.csv"]
    for file, text in zip(files, (HEAD + "nsrom,ours,67.6,,61.3,3,86.2\n", table), strict=True):
        file.write_text(text)
    assert scores(files) == scores(files[::-1]) == {
        "nsrom": {"miou": 67.6, "miou_without_crf": 61.3, "retention": 86.2, "label_miou": 80.5, "label_miou_std": 0.5,
                  "seeds": 3},
        "mu": {"label_miou": 70.5, "seeds": 3},
    }  # fmt: skip


def test_a_data_set_replaces_only_what_dvc_yaml_says_of_itself(tmp_path: Path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").touch()
    for name in ("first", "second"):
        results, folder = tmp_path / "results" / name, tmp_path / "results/published" / name
        publish_numbers(finished(results), results, folder)
        describe(tmp_path, config(name), [f"results/{name}/round2/default/seed-0/model.safetensors"])
    once = (tmp_path / "dvc.yaml").read_text()
    content = yaml.safe_load(once)
    assert content["params"] == ["config/config.yaml"]
    assert content["metrics"] == [f"results/published/{n}/metrics.json" for n in ("first", "second")]
    assert [next(iter(p)) for p in content["plots"]] == [
        plot
        for name in ("first", "second")
        for plot in (
            f"results/published/{name}/tables/nsrom_table3.csv",
            f"results/published/{name}/curves/nsrom_figure6.csv",
            f"{name}: training loss, round1",
        )
    ]
    assert {k: v["path"] for k, v in content["artifacts"].items()} == {
        f"{name}-nsrom": f"results/{name}/round2/default/seed-0/model.safetensors" for name in ("first", "second")
    }
    describe(tmp_path, config("second"), ["results/second/round2/default/seed-0/model.safetensors"])
    assert (tmp_path / "dvc.yaml").read_text() == once
    describe(tmp_path, config("second"))
    assert list(yaml.safe_load((tmp_path / "dvc.yaml").read_text())["artifacts"]) == ["first-nsrom"]


def test_the_repository_publishes_what_its_tables_say():
    folder = REPOSITORY / "results/published/openmoji"
    assert json.loads((folder / "metrics.json").read_text()) == scores(sorted((folder / "tables").glob("*.csv")))


def test_dvc_yaml_names_what_exists_and_no_stage():
    content = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())
    assert set(content) <= {"params", "metrics", "plots", "artifacts"}
    assert content["params"] == sorted(f"config/{f.name}" for f in (REPOSITORY / "config").glob("*.yaml"))
    named = [*content["metrics"], *(path for plot in content["plots"] for path in plot if path.endswith(".csv"))]
    assert len(named) > 2
    assert [path for path in named if not (REPOSITORY / path).is_file()] == []
