"""What rules ask a cluster for, and the profiles that know the rules by name."""

import re
import sys
from pathlib import Path

import pytest
from snakemake.profiles import ProfileConfigFileParser

ROOT = Path(__file__).resolve().parents[2]


def rules() -> dict[str, str]:
    """Name → text, of all rules that do something."""
    texts = [file.read_text() for file in sorted((ROOT / "rules").glob("*.smk"))]
    blocks = [block for text in texts for block in re.split(r"^ *rule(?: (?=\w)|(?=:))", text, flags=re.M)[1:]]
    found = {block.split(":")[0]: block for block in blocks if "script:" in block}
    # A part asks for what the whole asks for.
    parts = [pair for text in texts for pair in re.findall(r"^use rule (\w+) as (\w+) with:", text, re.M)]
    return found | {part: found[whole] for whole, part in parts}


def profile(name: str) -> dict:
    with open(ROOT / "profiles" / name / "config.yaml") as stream:
        return ProfileConfigFileParser().parse(stream)


def named(entries: list[str]) -> set[str]:
    """The rules that settings such as ``evaluate:gpu=1`` and ``evaluate=4`` are about."""
    return {re.split("[:=]", entry)[0] for entry in entries}


@pytest.mark.parametrize("rule", rules())
def test_a_rule_is_local_or_asks_for_memory_and_time(rule: str):
    text = rules()[rule]
    local = re.search(r"^ +localrule: True$", text, re.M)
    asks = re.search(r"^ +mem_mb=growing\(.+\),\n +runtime=\"\d+h\",$", text, re.M)
    assert bool(local) != bool(asks)


def test_the_profile_knows_all_rules_with_a_gpu():
    with_gpu = {name for name, text in rules().items() if re.search(r"^ +gpu=1,$", text, re.M)}
    assert len(with_gpu) >= 8
    assert named(profile("slurm")["set-resources"]) == with_gpu


def test_scattered_stages_are_not_grouped(tmp_path: Path):
    """Between fusion and mining there are mining's parts, which are no members of the group."""
    text = (ROOT / "profiles/slurm/config.yaml").read_text()
    (tmp_path / "config.yaml").write_text(re.sub(r"^  scatter: 1", "  scatter: 8", text, flags=re.M))
    with open(tmp_path / "config.yaml") as stream:
        scattered = ProfileConfigFileParser().parse(stream)
    assert scattered["set-scatter"] == ["images=8"]
    assert "groups" not in scattered
    assert "set-scatter" not in profile("slurm")
    assert named(profile("slurm")["groups"]) == {"fuse_saliency", "mine_potential_objects"}


def test_the_profile_names_no_rule_that_is_gone():
    slurm = profile("slurm")
    assert named(slurm["set-threads"]) | named(slurm["groups"]) <= set(rules())


def test_threads_that_depend_on_this_machine_are_set_for_a_cluster():
    dependent = {name for name, text in rules().items() if "threads: LABEL_THREADS" in text}
    assert dependent
    unknown = dependent - named(profile("slurm")["set-threads"])
    assert not unknown, f"profiles/slurm/config.yaml names no threads for {sorted(unknown)}: see scattered_labels there"


def test_the_cluster_is_described_in_one_place(tmp_path: Path):
    text = (ROOT / "profiles/slurm/config.yaml").read_text()
    for key, value in {"account": "lab", "partition": "short", "gpu_partition": "long", "gpu_model": "a100"}.items():
        text, found = re.subn(rf"^  {key}: null", f"  {key}: {value}", text, flags=re.M)
        assert found == 1
    (tmp_path / "config.yaml").write_text(text)
    with open(tmp_path / "config.yaml") as stream:
        filled_in = ProfileConfigFileParser().parse(stream)
    assert {"slurm_account=lab", "slurm_partition=short"} <= set(filled_in["default-resources"])
    asked = {"evaluate:gpu=1", "evaluate:gpu_model=a100", "evaluate:slurm_partition=long"}
    assert {entry for entry in filled_in["set-resources"] if entry.startswith("evaluate:")} == asked


def test_a_cluster_without_gpus_is_asked_for_none(tmp_path: Path):
    text = (ROOT / "profiles/slurm/config.yaml").read_text()
    (tmp_path / "config.yaml").write_text(re.sub(r"^  gpus: 1", "  gpus: 0", text, flags=re.M))
    with open(tmp_path / "config.yaml") as stream:
        resources = ProfileConfigFileParser().parse(stream)["set-resources"]
    assert resources
    assert all(entry.endswith(":gpu=0") for entry in resources)


@pytest.mark.parametrize(
    ("arguments", "profile_of_the_user", "cores"),
    [
        (["nsrom_table3"], "", "all"),
        (["--profile", "profiles/slurm"], "", None),
        (["--profile=profiles/slurm"], "", None),
        (["--executor", "slurm"], "", None),
        (["nsrom_table3"], "slurm", None),
    ],
)
def test_this_machines_cores_limit_only_what_runs_on_it(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], profile_of_the_user: str, cores: str | None
):
    monkeypatch.setattr(sys, "argv", ["snakemake", *arguments])
    monkeypatch.setenv("SNAKEMAKE_PROFILE", profile_of_the_user)
    assert profile("default").get("cores") == cores
