"""Claims that one experiment beats another, or that nothing changes, and what is found here."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from wsss.intervals import Scored
from wsss.statistics import NO_CHANGE, Estimate, Sample, estimate, holm, pooled_variances, verdict

COLUMNS = ("claim", "where", "worse", "better", "difference", "kind", "note")
GAIN, SAME = "gain", "no change"


class Claim(NamedTuple):
    """That ``better`` has a higher mIoU than ``worse``, experiments both; or, by its kind, that they are equal."""

    where: str  # in a paper; empty for a pair that the config names
    worse: str
    better: str
    kind: str
    paper: float  # the paper's difference in points; NaN if it states none


def read_claims(files: Sequence[Path]) -> list[Claim]:
    """The claims of all papers, in their files' order.

    Raises ``ValueError`` if a column is missing, a claim is listed twice, or a row contradicts itself.
    """
    found: dict[str, tuple[str, str]] = {}
    claims = []
    for file in files:
        table = pd.read_csv(file, dtype=str)
        missing = [c for c in COLUMNS if c not in table]
        if missing:
            raise ValueError(f"{file} lacks the column '{missing[0]}': every list of claims needs it")
        table["points"] = pd.to_numeric(table["difference"], errors="coerce")
        for row in table.fillna({"where": ""}).itertuples(index=False):
            if problem := _problem(row, found):
                raise ValueError(f"{file}: the claim '{row.claim}' {problem}")
            found[row.claim] = row.worse, row.better
            claims.append(Claim(row.where, row.worse, row.better, row.kind, row.points))
    return claims


def _problem(row, found: Mapping[str, tuple[str, str]]) -> str | None:
    """What is wrong with a row of a file of claims, and what to do."""
    if row.claim in found:
        return "is listed twice: rename one"
    if any(not isinstance(name, str) for name in (row.worse, row.better)) or row.worse == row.better:
        return "names no two experiments: give worse and better"
    if opposite := [name for name, pair in found.items() if pair == (row.better, row.worse)]:
        return f"is the opposite of '{opposite[0]}': correct one"
    if row.kind not in (GAIN, SAME):
        return f"is of the kind '{row.kind}': it must be '{GAIN}' or '{SAME}'"
    if row.points < 0 or (pd.isna(row.points) and not pd.isna(row.difference)):
        return f"has the difference {row.difference}: give the points by which better is above worse, or swap them"
    if row.kind == GAIN and round(row.points, 6) <= NO_CHANGE:
        return f"is a gain of {row.points:g} points: up to {NO_CHANGE:g} it is a claim of '{SAME}'"
    return None


def claims_of_table(
    stated: Sequence[Claim], own: Sequence[Sequence[str]], experiments: Mapping[str, str]
) -> list[Claim]:
    """The papers' claims whose experiments are both in the table, then the config's ``own`` pairs, worse and better.

    An own pair that a paper's claim is about already is judged as that.
    """
    claims = [c for c in stated if c.worse in experiments and c.better in experiments]
    known = {frozenset((c.worse, c.better)) for c in claims}
    others = [(worse, better) for worse, better in own if frozenset((worse, better)) not in known]
    return claims + [Claim("", worse, better, GAIN, float("nan")) for worse, better in others]


def claims_table(
    claims: Sequence[Claim],
    scored: Scored,
    scores: pd.DataFrame,
    labels: Mapping[str, str],
    methods: Mapping[str, str],
    margin: float,
) -> pd.DataFrame:
    """One row for each claim: what is found here, and the verdict.

    ``scores``: from ``wsss.tables.read_scores``.  ``labels``, ``methods``: experiment → how it is called, what trains
    it.  ``margin``: the points below which a difference does not matter.  Columns, in points of mIoU: where, worse,
    better, kind, paper (its difference), difference, its 95 % interval (difference_low, difference_high), what seeds
    and pictures contribute to its standard error (seeds_part, pictures_part), p (two-sided, adjusted by Holm over the
    pairs of the table), verdict, detectable (the least difference that would be found four times of five), seeds,
    difference_without_crf with its interval and verdict (pairs without CRF are adjusted among themselves); and, if
    classes are left out of these, difference_all_classes.
    """
    pairs = list(dict.fromkeys((c.worse, c.better) for c in claims))
    crf, raw = (_estimates(pairs, samples, methods) for samples in (scored.crf, scored.raw))
    adjusted, raw_adjusted = (dict(zip(pairs, holm([e[p].p for p in pairs]), strict=True)) for e in (crf, raw))
    tests = max(1, int(np.isfinite(list(adjusted.values())).sum()))
    means = scores.groupby("experiment")["miou"].apply(lambda values: values.mean(skipna=False))
    rows = []
    for claim in claims:
        pair = claim.worse, claim.better
        p = adjusted[pair]
        row = {"where": claim.where, "worse": labels[claim.worse], "better": labels[claim.better]}
        row |= {"kind": claim.kind, "paper": claim.paper} | _columns("difference", crf[pair])
        row |= {"seeds_part": crf[pair].seeds_part, "pictures_part": crf[pair].pictures_part, "p": p}
        row["verdict"] = verdict(crf[pair], p, margin, change=claim.kind == GAIN)
        row["detectable"] = crf[pair].detectable(tests)
        row["seeds"] = max(scored.crf[e].seeds for e in pair)
        row |= _columns("difference_without_crf", raw[pair])
        row["verdict_without_crf"] = verdict(raw[pair], raw_adjusted[pair], margin, change=claim.kind == GAIN)
        rows.append(row)
        if scored.left_out:
            rows[-1]["difference_all_classes"] = means[claim.better] - means[claim.worse]
    return pd.DataFrame(rows, columns=None if rows else ["where", "worse", "better", "kind", "paper", "difference"])


def _estimates(
    pairs: Sequence[tuple[str, str]], samples: Mapping[str, Sample], methods: Mapping[str, str]
) -> dict[tuple[str, str], Estimate]:
    """Of better minus worse, for each pair; pairs of one method share their variance over seeds."""
    differences = {(worse, better): samples[better] - samples[worse] for worse, better in pairs}
    groups = {pair: methods[pair[0]] if methods[pair[0]] == methods[pair[1]] else None for pair in pairs}
    pooled = pooled_variances(differences, groups)
    return {pair: estimate(difference, pooled[pair]) for pair, difference in differences.items()}


def _columns(name: str, found: Estimate) -> dict[str, float]:
    low, high = found.interval()
    return {name: found.mean, f"{name}_low": low, f"{name}_high": high}
