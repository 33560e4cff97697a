"""Claims: their files, which a table judges, and what is found of them; intervals of the rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wsss.claims import GAIN, SAME, Claim, claims_of_table, claims_table, read_claims
from wsss.config import ConfigError, load_config
from wsss.intervals import Scored, read_scored, score_intervals
from wsss.ledger import read_numbers, stated_scores
from wsss.pages import to_markdown
from wsss.picture_counts import PictureCounts, sparse, write_counts
from wsss.statistics import estimate, holm

PAPER = Path(__file__).resolve().parents[2] / "config" / "paper"
HEAD = "claim,where,worse,better,difference,kind,note"
NAN = float("nan")

# --- files --------------------------------------------------------------------------------------------------------


def claims_file(folder: Path, *rows: str, head: str = HEAD) -> Path:
    file = folder / "x_claims.csv"
    file.write_text("\n".join([head, *rows]) + "\n")
    return file


def test_claims_are_read_in_order(tmp_path: Path):
    file = claims_file(
        tmp_path, "a,Table 3,gr,gr_pom,0.2,no change,", "b,,vwe,smvwe,,gain,in words", "c,T,gr,x,1,gain,"
    )
    assert read_claims([file]) == [
        Claim("Table 3", "gr", "gr_pom", SAME, 0.2),
        Claim("", "vwe", "smvwe", GAIN, pytest.approx(NAN, nan_ok=True)),
        Claim("T", "gr", "x", GAIN, 1.0),
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,T,one,two,3,gain,", "the claim 'a' is listed twice: rename one"),
        ("b,T,one,,3,gain,", "the claim 'b' names no two experiments"),
        ("b,T,one,one,3,gain,", "the claim 'b' names no two experiments"),
        ("b,T,one,two,3,better,", "is of the kind 'better': it must be 'gain' or 'no change'"),
        ("b,T,one,two,-0.1,no change,", r"has the difference -0\.1: give the points by which better is above worse"),
        ("b,T,one,two,some,gain,", "has the difference some: give the points"),
        ("b,T,one,two,0.2,gain,", r"is a gain of 0\.2 points: up to 0\.2 it is a claim of 'no change'"),
        ("b,T,strong,weak,3,gain,", "the claim 'b' is the opposite of 'a': correct one"),
    ],
)
def test_a_wrong_claim_is_refused(tmp_path: Path, row: str, message: str):
    with pytest.raises(ValueError, match=rf"x_claims\.csv: .*{message}"):
        read_claims([claims_file(tmp_path, "a,T,weak,strong,3,gain,", row)])


def test_a_missing_column_is_named(tmp_path: Path):
    with pytest.raises(ValueError, match=r"x_claims\.csv lacks the column 'kind'"):
        read_claims([claims_file(tmp_path, head=HEAD.replace(",kind", ""))])


def test_the_papers_claims_agree_with_their_numbers():
    scores = stated_scores(read_numbers(sorted(PAPER.glob("*_ledger.csv"))))
    claims = [c for c in read_claims(sorted(PAPER.glob("*_claims.csv"))) if {c.worse, c.better} <= set(scores)]
    assert len(claims) > 10
    for claim in claims:
        assert claim.paper == pytest.approx(scores[claim.better] - scores[claim.worse], abs=1e-6), claim


# --- what a table judges ------------------------------------------------------------------------------------------


def test_a_table_judges_claims_of_its_rows_and_its_own_pairs():
    stated = [Claim("Table 3", "gr", "gr_pom", SAME, 0.2), Claim("Table 3", "gr", "nsrom", GAIN, 1.6)]
    own = [["gr_pom", "gr"], ["gr_pom", "bound"]]
    assert claims_of_table(stated, own, dict.fromkeys(["gr", "gr_pom", "bound"])) == [
        stated[0], Claim("", "gr_pom", "bound", GAIN, pytest.approx(NAN, nan_ok=True))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"compare": [["one", "tow"]]},
            r"tables\.t compares 'tow', which is none of its rows \(did you mean 'two'\?\)",
        ),
        ({"compare": [["one", "one"]]}, r"tables\.t compares \['one', 'one'\], the same or a pair that it compares"),
        ({"compare": [["one", "two"], ["two", "one"]]}, r"tables\.t compares \['two', 'one'\], the same or a pair"),
        ({"compare": [["one", "two"]], "measure": "labels"}, r"tables\.t has compare, but only tables of experiments"),
        ({"compare": [["one", "two"]], "compare_with": "nsrom_table1"}, r"tables\.t has compare, but only tables of"),
        ({"compare": [["one", "two"]], "per_class": True}, r"tables\.t has compare, but only tables of experiments"),
        ({"compare": [["one"]]}, r"tables\.t\.compare\.0"),
    ],
)
def test_pairs_that_a_table_cannot_judge_are_refused(changes: dict, message: str):
    raw = {"experiments": {"one": {"label": "1"}, "two": {"label": "2"}}}
    table = {"title": "", "rows": ["one", "two"]}
    assert load_config({**raw, "tables": {"t": table | {"compare": [["one", "two"]]}}})
    assert load_config({**raw, "tables": {"t": table | {"compare": [["one", "two"]], "measure": "methods"}}})
    with pytest.raises(ConfigError, match=message):
        load_config({**raw, "tables": {"t": table | changes}})


def test_a_margin_is_positive():
    assert load_config({"statistics": {"margin": 2}}).statistics.margin == 2
    with pytest.raises(ConfigError, match=r"statistics\.margin"):
        load_config({"statistics": {"margin": 0}})


# --- what is found ------------------------------------------------------------------------------------------------

METHODS = {"weak": "nsrom", "strong": "nsrom", "other": "nsrom", "bound": "full", "once": "checkpoint"}
LABELS = {name: f"the {name}" for name in METHODS}
IMAGES = tuple(f"val_{n}" for n in range(40))


def confusions(rng: np.random.Generator, right: float) -> np.ndarray:
    """Of forty pictures, (m, 3, 3): class 2 is in three of them."""
    found = np.zeros((len(IMAGES), 3, 3), int)
    hits = np.clip(right + rng.normal(0, 0.005) + rng.normal(0, 0.015, (len(IMAGES), 3)), 0, 1)
    for c, area in enumerate((800, 300, 200)):
        here = slice(None) if c < 2 else slice(3)
        found[here, c, c] = np.rint(area * hits[here, c])
        found[here, c, (c + 1) % 2] = area - found[here, c, c]
    return found


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three seeds of each row; nothing is drawn for the last."""
    rng, files = np.random.default_rng(0), []
    for name, right in {"weak": 0.6, "strong": 0.8, "other": 0.8, "bound": 0.9, "once": 0.7}.items():
        for seed in range(3):
            file = tmp_path / f"{name}-{0 if name == 'once' else seed}.npz"
            if not file.exists():
                counts = sparse(confusions(rng, right))
                write_counts(file, PictureCounts(IMAGES, sparse(confusions(rng, right - 0.1)), counts))
            files.append(file)
    return files


@pytest.fixture
def scored(files: list[Path]) -> Scored:
    return read_scored(list(METHODS), [0, 1, 2], files)


@pytest.fixture
def scores(scored: Scored) -> pd.DataFrame:
    """As ``metrics.json`` has them, over all classes."""
    rows = [(name, s, value - 5) for name, row in scored.crf.items() for s, value in enumerate(row.values)]
    return pd.DataFrame(rows, columns=["experiment", "seed", "miou"])


def test_rows_are_read_as_samples(scored: Scored):
    assert scored.left_out == 1
    assert scored.crf["weak"].without.shape == (3, 40) and scored.crf["once"].seeds == 1
    assert (scored.crf["weak"].values > scored.raw["weak"].values).all()


def test_rows_of_other_pictures_are_refused(files: list[Path], tmp_path: Path):
    write_counts(tmp_path / "moved.npz", PictureCounts(IMAGES[::-1], *[sparse(np.ones((40, 3, 3), int))] * 2))
    with pytest.raises(ValueError, match=r"moved\.npz is of other pictures than .*weak-0\.npz"):
        read_scored(["weak", "strong"], [0], [files[0], tmp_path / "moved.npz"])
    with pytest.raises(ValueError, match="15 evaluations for 1 experiments with 3 seeds"):
        read_scored(["weak"], [0, 1, 2], files)


def test_intervals_of_rows_pool_the_variances_of_a_method(scored: Scored):
    table = score_intervals(scored, METHODS)
    pooled = np.mean([scored.crf[e].variance for e in ("weak", "strong", "other")])
    assert tuple(table.loc["weak", ["miou_low", "miou_high"]]) == estimate(scored.crf["weak"], pooled).interval()
    assert tuple(table.loc["bound", ["miou_low", "miou_high"]]) == estimate(scored.crf["bound"]).interval()
    assert table.loc["once"].isna().tolist() == [False, True, True]
    assert table.loc["weak", "miou_common"] == pytest.approx(scored.crf["weak"].values.mean())


def test_one_seed_has_no_interval(files: list[Path]):
    one = read_scored(list(METHODS), [0], files[::3])
    assert list(score_intervals(one, METHODS)) == ["miou_common"]


CLAIMS = [
    Claim("Table 3", "weak", "strong", GAIN, 1.4),
    Claim("Table 4", "strong", "other", SAME, 0.2),
    Claim("text", "strong", "weak", SAME, NAN),
    Claim("text", "weak", "strong", GAIN, NAN),
    Claim("", "once", "bound", GAIN, NAN),
]


def test_a_claim_is_judged_by_the_difference_of_its_rows(scored: Scored, scores: pd.DataFrame):
    table = claims_table(CLAIMS[:2] + CLAIMS[3:], scored, scores, LABELS, METHODS, 2.0)
    assert table["worse"].tolist() == ["the weak", "the strong", "the weak", "the once"]
    first, second = (scored.crf[b] - scored.crf[w] for w, b in (("weak", "strong"), ("strong", "other")))
    pooled = np.mean([first.variance, second.variance])  # two claims about one pair count once
    found = [estimate(first, pooled), estimate(second, pooled), estimate(scored.crf["bound"] - scored.crf["once"])]
    row = table.iloc[0]
    assert (row["difference"], row["difference_low"], row["difference_high"]) == pytest.approx(
        (found[0].mean, *found[0].interval())
    )
    assert (row["seeds_part"], row["pictures_part"]) == pytest.approx((found[0].seeds_part, found[0].pictures_part))
    assert row["detectable"] == pytest.approx(found[0].detectable(3))
    adjusted = holm([e.p for e in found])
    assert table["p"].tolist() == pytest.approx([adjusted[0], adjusted[1], adjusted[0], adjusted[2]])
    assert table["verdict"].tolist() == ["holds", "equivalent within 2 points", "holds", "holds"]
    assert table["paper"].tolist() == pytest.approx([1.4, 0.2, NAN, NAN], nan_ok=True)
    assert table["seeds"].tolist() == [3, 3, 3, 3]
    without = estimate(scored.raw["bound"] - scored.raw["once"])
    assert table["difference_without_crf_low"].iloc[3] == pytest.approx(without.interval()[0])
    assert table["difference_all_classes"].iloc[0] == pytest.approx(found[0].mean)  # the same, less 5 on both sides


def test_a_change_contradicts_a_claim_of_none(scored: Scored, scores: pd.DataFrame):
    table = claims_table(CLAIMS[2:3], scored, scores, LABELS, METHODS, 1.0)
    assert table["difference"].iloc[0] < -10 and table["verdict"].tolist() == ["differs"]


def test_one_seed_shows_the_difference_alone(files: list[Path], scores: pd.DataFrame):
    one = read_scored(list(METHODS), [0], files[::3])
    table = claims_table(CLAIMS, one, scores[scores["seed"] == 0], LABELS, METHODS, 1.0)
    assert set(table["verdict"]) == {"one seed: no verdict"}
    assert table["difference"].iloc[0] == pytest.approx(float(one.crf["strong"].values[0] - one.crf["weak"].values[0]))
    assert table[["difference_low", "p", "detectable", "seeds_part"]].isna().all(axis=None)
    assert "| – | – | – | – | one seed: no verdict | – | 1 |" in to_markdown(table)


def test_a_table_without_claims_is_empty_and_can_be_read(scored: Scored, scores: pd.DataFrame, tmp_path: Path):
    claims_table([], scored, scores, LABELS, METHODS, 1.0).to_csv(tmp_path / "claims.csv", index=False)
    assert len(pd.read_csv(tmp_path / "claims.csv")) == 0
    assert to_markdown(pd.read_csv(tmp_path / "claims.csv")).startswith("| in the paper |")


def test_a_table_of_claims_reads_well(scored: Scored, scores: pd.DataFrame, tmp_path: Path):
    claims_table(CLAIMS[:2], scored, scores, LABELS, METHODS, 1.0).to_csv(tmp_path / "claims.csv", index=False)
    head, _, row, _ = to_markdown(pd.read_csv(tmp_path / "claims.csv")).splitlines()
    assert head == (
        "| in the paper | worse | better | kind | paper (VOC 2012) | difference | 95 % interval | from seeds | "
        "from pictures | p (Holm) | verdict | least difference detectable | seeds | difference without CRF | "
        "95 % interval without CRF | verdict without CRF | difference over all classes |"
    )
    assert row.startswith("| Table 3 | the weak | the strong | gain | 1.4 | ") and "| < 0.001 | holds |" in row
