"""Tables for readers: Markdown, LaTeX, and self-contained HTML pages."""

import base64
import html
from itertools import pairwise

import pandas as pd

HEADINGS = {
    "label": "experiment",
    "miou": "mIoU",
    "miou_without_crf": "mIoU without CRF",
    "retention": "retention (%)",
    "paper": "paper (VOC 2012)",
    "where": "in the paper",
    "data": "data set",
    "miou_interval": "95 % interval",
    "miou_common": "mIoU of classes in 5 pictures or more",
    "difference_without_crf": "difference without CRF",
    "difference_all_classes": "difference over all classes",
    "difference_interval": "95 % interval",
    "seeds_part": "from seeds",
    "pictures_part": "from pictures",
    "p": "p (Holm)",
    "detectable": "least difference detectable",
    "difference_without_crf_interval": "95 % interval without CRF",
    "verdict_without_crf": "verdict without CRF",
    "ours_without_crf": "ours without CRF",
    "std": "std over seeds",
    "miou_255_as_error": "mIoU, 255 as error",
    "missed_foreground": "missed foreground",
    "f1": "F1",
    "label_miou": "mIoU of the labels",
    "label_coverage": "labelled pixels",
    "label_miou_255_as_error": "mIoU of the labels, 255 as error",
    "boundary_f1": "boundary F1 of the labels",
    "training_s": "training (s)",
    "labels_s": "making labels (s)",
    "evaluation_s": "evaluation (s)",
    "jobs": "jobs",
    "total_s": "total (s)",
    "mean_s": "mean (s)",
    "peak_memory_mib": "peak memory (MiB)",
    "wall_seconds": "time (s)",
}

TABLE_NOTE = (
    "mIoU in %, mean ± standard deviation over seeds, after a dense CRF unless the heading says otherwise. The 95 % "
    "interval is for new seeds and new pictures, with the training pictures as they are; classes in fewer than five "
    "validation pictures are left out of it. Rows are not to be judged by whether their intervals overlap: the "
    "claims are. Retention is the share of full supervision's mIoU, that of the same network on the same schedule, "
    "trained for one round on true masks; it may pass 100. The paper's numbers were reached on PASCAL VOC 2012 with "
    "larger networks: compare differences, not values."
)
CLAIMS_NOTE = (
    "Claims are listed before anything is scored: those of the papers, and pairs that the configuration names. "
    "Points of mIoU after a dense CRF unless the heading says otherwise, better minus worse, seed by seed on the same "
    "pictures. The 95 % interval is for new seeds and new validation pictures, conditional on the training pictures; "
    "beside it, what seeds and what pictures contribute to the standard error. p is adjusted for the number of pairs "
    "in the table (Holm). Holds, reversed: p < .05, for the claim or against it; with “below x”, the difference is "
    "smaller than matters. Equivalent within x points: the 90 % interval lies inside ± x, which is what a claim of no "
    "change says; differs: it has p < .05 instead. Undecided: none of these; the least difference detectable is what "
    "would have been found four times of five among the table's pairs. One seed has no verdict."
)
STAGE_QUALITY_NOTE = (
    "Measured against the true masks of the training pictures, which no training stage may read. Pixels that carry the "
    "label 255 are ignored, or count as errors where the heading says so. Precision and recall are those of foreground "
    "pixels; coverage is the share of pixels that carry a label; missed foreground is the share of the pixels labelled "
    "background that are objects."
)
RUNTIME_NOTE = (
    "Wall time in seconds and the highest resident memory of a job in MiB, from Snakemake's benchmark files of the "
    "variants and seeds that the configuration has now. Jobs run side by side, so the sum of the times exceeds the "
    "time that passed."
)
COMPARISON_NOTE = (
    "mIoU in % on PASCAL VOC 2012. Rows from the paper are as it prints them; a dash is what it does not say. Ours: "
    "mean and standard deviation over seeds, after a dense CRF; supervision by image-level labels (I), saliency maps "
    "(S), MS-COCO masks (the segmentation network starts from weights that were trained on those). Test scores come "
    "from VOC's evaluation server, which this run does not ask."
)
OURS_ALONE_NOTE = (
    "mIoU in %, mean and standard deviation over seeds, after a dense CRF unless the heading says otherwise. The "
    "paper's numbers belong to PASCAL VOC 2012; they say nothing about this data set and are left out."
)
CLASSES_NOTE = (
    "IoU in %, mean over seeds, after a dense CRF. A super-category's row is the mean of its classes, taken here; the "
    "mIoU is over all classes and the background. Columns of the paper belong to MS-COCO and are shown there only."
)
CLAIMS_HEADING = "Claims, and what is found here"
CLASSES_HEADING = "IoU per class (%), with CRF, mean over seeds"
ACCURACY_NOTE = (
    "In %, mean ± standard deviation over seeds, on the validation pictures, squashed as in training and seen once; "
    "image-level labels are compared, no mask is read. A class is called present if its score exceeds .5. Means over "
    "classes are over those that some validation picture shows. A classifier is called by the settings in which it "
    "differs from the configuration's own."
)
LABEL_SCORES_NOTE = (
    "In %, mean ± standard deviation over seeds: the labels that train the first round against the true masks of the "
    "training pictures, which no training stage may read. Pixels that carry the label 255 are ignored; precision and "
    "recall are those of foreground pixels; coverage is the share of pixels that carry a label; missed foreground is "
    "the share of the pixels labelled background that are objects. Differences: to the first row, seed by seed."
)
BACKGROUND_NOTE = (
    "Scores in %, mean ± standard deviation over seeds; mIoU of the labels that the score gives the training pictures, "
    "against their true masks. Constant: the configured score. Saliency maps: the score whose back- and foreground "
    "agree best with them, which reads no ground truth. True masks: the best score in hindsight, an evaluation that no "
    "stage uses."
)
LEDGER_NOTE = (
    "mIoU in %; ours: mean ± standard deviation over seeds, after a dense CRF. A number is judged only if ours was "
    "reached under the conditions that the paper or its published code states, field by field (schedules are not "
    "compared); otherwise the verdict names what differs. Reproduced: the difference and c, by how far the mean of "
    "the seeds may be off, are at most one point together. Differs: it is more than one point even if c is taken "
    "away. Undecided: neither; fewer than three seeds have no verdict. c borrows the spread of the method's other "
    "experiments in this table. Not run: there is no evaluation of that experiment; test scores come from VOC's "
    "evaluation server."
)
METHODS_NOTE = (
    "Pictures, segmentation network and seeds are the same for all. Labels are those that train the first round, "
    "measured on the training pictures, in %: mIoU over pixels that carry a label, which are easier the fewer they "
    "are, their share, mIoU where a pixel without a label is an error, and F1 of boundaries. mIoU is of validation "
    "pictures, after a dense CRF unless the heading says otherwise; retention is the share of the same network trained "
    "on true masks, and may pass 100. Times are wall times of the chain, mean over seeds: all trainings; maps, labels "
    "and predictions on training pictures; prediction and CRF on validation pictures. They do not count how saliency "
    "maps were made, nor the parts of a scattered stage, nor earlier attempts of a job, except what an interrupted "
    "training went on from. Peak memory (MiB) is that of the largest process. Jobs run side by side, so times compare "
    "only if as much else was running."
)
BOUNDARY_NOTE = (
    "Recall, precision and F1 in %, mean ± standard deviation over seeds, of the boundaries of labels against those of "
    "the true masks of the {pictures}; classes do not count. Boundaries are the non-zero pixels of the Laplacian of a "
    "label; pixels that carry no label (255) first take the nearest one. A pixel is found if the other boundary passes "
    "within {tolerance:g} of the picture's diagonal."
)
LABELLED = {
    "train": "training pictures, which no training stage may read",
    "val": "validation pictures, of which pseudo labels are made as of training pictures, for this table alone",
}

# how a verdict begins → how a page marks it
VERDICTS = {"holds": "good", "reversed": "bad", "reproduced": "good", "differs": "bad"}
DECIMALS = {"p": 3, "seeds_part": 2, "pictures_part": 2}  # of a column; others have one
TEX = {"\\": r"\textbackslash{}", "±": r"$\pm$", "–": "--", **{c: f"\\{c}" for c in "&%_#${}"}}

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; color: #1b2733; background: #fff; }
body { margin: 2rem auto; padding: 0 1.5rem; max-width: 76rem; }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 .5rem; } h2 { font-size: 1.05rem; margin: 2.2rem 0 .4rem; }
p { max-width: 48rem; margin: .4rem 0; color: #44525f; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .7rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .34rem .8rem; text-align: left; vertical-align: top; white-space: nowrap; }
th { border-bottom: 2px solid #1b2733; vertical-align: bottom; font-weight: 600; white-space: normal; }
td { border-bottom: 1px solid #e3e8ed; } tr:hover td { background: #f3f7fa; }
.number { text-align: right; } .long { white-space: normal; min-width: 16rem; }
.section { border-bottom: 1px solid #9aa7b3; padding-top: .9rem; }
.good { color: #1a7f4b; } .bad { color: #b3402f; }
a { color: #1f5f99; } summary { cursor: pointer; padding: .15rem 0; } details[open] { margin-bottom: 1rem; }
"""


def boundary_note(tolerance: float, split: str) -> str:
    """What the boundary scores of a table mean; ``split``: "train" or "val", whose labels they are of."""
    return BOUNDARY_NOTE.format(tolerance=tolerance, pictures=LABELLED[split])


def display(table: pd.DataFrame) -> pd.DataFrame:
    """The table as strings under readable headings.

    ``x`` and ``x_std`` become one column "mean ± std", ``x_low`` and ``x_high`` one column "[low, high]"; floats get
    one decimal, or as many as ``DECIMALS`` says; missing values are "–", as is the std of one seed; a published score,
    which has no seeds, stands alone.  The column ``experiment`` is dropped where ``label`` says the same to a reader,
    and ``section``, which is shown as headings.
    """
    shown = {}
    means = table["seeds"].notna() if "seeds" in table else [True] * len(table)
    for column in table.columns:
        spread_of_another = column.endswith("_std") and column[:-4] in table
        end_of_another = column.endswith("_high") and f"{column[:-5]}_low" in table
        twice = column == "section" or (column == "experiment" and "label" in table)
        if spread_of_another or end_of_another or twice:
            continue
        values = [_text(v, DECIMALS.get(column, 1)) for v in table[column]]
        if column == "p":
            values = ["< 0.001" if v == "0.000" else v for v in values]
        if f"{column}_std" in table:
            spreads = [_text(v) for v in table[f"{column}_std"]]
            pairs = zip(values, spreads, means, strict=True)
            values = [f"{v} ± {s}" if mean and v != "–" else v for v, s, mean in pairs]
        if _is_low(column, table):
            highs = [_text(v) for v in table[f"{column[:-4]}_high"]]
            values = [m if m == "–" else f"[{m}, {s}]" for m, s in zip(values, highs, strict=True)]
        shown[_heading(column, table)] = values
    return pd.DataFrame(shown)


def numeric_headings(table: pd.DataFrame) -> set[str]:
    """The headings in ``display`` whose columns hold numbers."""
    return {_heading(c, table) for c in table.columns if pd.api.types.is_numeric_dtype(table[c])}


def to_markdown(table: pd.DataFrame, title: str = "", note: str = "") -> str:
    """A pipe table under its title."""
    shown, numbers = display(table), numeric_headings(table)
    lines = ["| " + " | ".join(_pipe(h) for h in shown.columns) + " |"]
    lines.append("|" + "|".join("---:" if h in numbers else "---" for h in shown.columns) + "|")
    headings = _section_headings(table)
    for number, row in enumerate(shown.itertuples(index=False)):
        lines += [f"| **{_pipe(headings[number])}** |" + " |" * (len(row) - 1)] if number in headings else []
        lines.append("| " + " | ".join(_pipe(v) for v in row) + " |")
    return "\n\n".join(part for part in (f"**{title}**" if title else "", "\n".join(lines), note) if part) + "\n"


def to_latex(table: pd.DataFrame, title: str = "", note: str = "") -> str:
    """A ``table`` environment with booktabs rules."""
    shown, numbers = display(table), numeric_headings(table)
    rows, headings, width = [], _section_headings(table), len(shown.columns)
    for number, row in enumerate(shown.itertuples(index=False)):
        if number in headings:
            rows.append(rf"\multicolumn{{{width}}}{{l}}{{\emph{{{_tex(headings[number])}}}}} \\")
        rows.append(" & ".join(_tex(v) for v in row) + r" \\")
    caption = " ".join(part for part in (title if not title or title.endswith(".") else f"{title}.", note) if part)
    return "\n".join(
        [
            r"% needs \usepackage{booktabs}",
            r"\begin{table}",
            r"  \centering",
            rf"  \caption{{{_tex(caption)}}}",
            rf"  \begin{{tabular}}{{{''.join('r' if h in numbers else 'l' for h in shown.columns)}}}",
            r"    \toprule",
            "    " + " & ".join(_tex(h) for h in shown.columns) + r" \\",
            r"    \midrule",
            *("    " + row for row in rows),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def section(table: pd.DataFrame, heading: str = "", text: str = "", *, file: str = "") -> str:
    """A table with its heading and an explaining sentence, as HTML; no score is marked as the best of a table.

    ``file``: name under which the reader can save the numbers as CSV.
    """
    shown, numbers = display(table), numeric_headings(table)
    head = "".join(f"<th{_class(['number'] if h in numbers else [])}>{html.escape(h)}</th>" for h in shown.columns)
    body, headings, width = [], _section_headings(table), len(shown.columns)
    for number, row in enumerate(shown.itertuples(index=False)):
        if number in headings:
            body.append(f'<tr><th class="section" colspan="{width}">{html.escape(headings[number])}</th></tr>')
        cells = []
        for name, value in zip(shown.columns, row, strict=True):
            marks = ["number"] if name in numbers else []
            marks += ["long"] if len(value) > 48 else []
            marks += [VERDICTS[value.split(",")[0]]] if value.split(",")[0] in VERDICTS else []
            cells.append(f"<td{_class(marks)}>{html.escape(value)}</td>")
        body.append(f"<tr>{''.join(cells)}</tr>")
    parts = [f"<h2>{html.escape(heading)}</h2>" if heading else "", f"<p>{html.escape(text)}</p>" if text else ""]
    parts.append(
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'
    )
    if file:
        data = base64.b64encode(table.to_csv(index=False).encode()).decode()
        parts.append(
            f'<p><a download="{html.escape(file)}" href="data:text/csv;base64,{data}">{html.escape(file)}</a></p>'
        )
    return "\n".join(part for part in parts if part)


def page(title: str, *sections: str) -> str:
    """A self-contained HTML page."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style></head>\n<body><h1>{html.escape(title)}</h1>\n"
        + "\n".join(sections)
        + "\n</body></html>\n"
    )


def experiments_page(
    title: str,
    note: str,
    table: pd.DataFrame,
    claims: pd.DataFrame,
    classes: pd.DataFrame,
    *,
    name: str,
    published: str = "",
) -> str:
    """The HTML page of a table of experiments: scores, claims (``wsss.claims``) if there are any, IoU per class.

    ``name``: stem of the names under which the reader can save the numbers.  ``published``: what there is to say of
    published columns among the classes.
    """
    chain = f'<p>What made each number: <a href="provenance.html#{html.escape(name)}">provenance</a>.</p>'
    parts = [section(table, text=f"{TABLE_NOTE} {note}", file=f"{name}.csv"), chain]
    parts += claims_sections(claims, name)
    parts.append(section(classes, CLASSES_HEADING, published, file=f"{name}_classes.csv"))
    return page(title, *parts)


def claims_sections(claims: pd.DataFrame, name: str) -> list[str]:
    """What is found of the claims of the table ``name``, as HTML; nothing if it has none."""
    return [section(claims, CLAIMS_HEADING, CLAIMS_NOTE, file=f"{name}_claims.csv")] if len(claims) else []


def _section_headings(table: pd.DataFrame) -> dict[int, str]:
    """Number of a row → the heading before it, where ``section`` changes."""
    names = ["", *(table["section"].fillna("") if "section" in table else [])]
    return {n: name for n, (before, name) in enumerate(pairwise(names)) if name not in ("", before)}


def _is_low(column: str, table: pd.DataFrame) -> bool:
    return column.endswith("_low") and f"{column[:-4]}_high" in table


def _heading(column: str, table: pd.DataFrame) -> str:
    name = f"{column[:-4]}_interval" if _is_low(column, table) else column
    return HEADINGS.get(name, name.replace("_", " "))


def _text(value, decimals: int = 1) -> str:
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):
        return "–"
    return f"{round(value, decimals) + 0.0:.{decimals}f}" if isinstance(value, float) else str(value)  # + 0: no "-0.0"


def _pipe(text: str) -> str:
    return text.replace("|", "\\|")


def _tex(text: str) -> str:
    return "".join(TEX.get(character, character) for character in text)


def _class(names: list[str]) -> str:
    return f' class="{" ".join(names)}"' if names else ""
