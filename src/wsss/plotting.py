"""Curves, the mIoU over the values of one setting, and bars of pairs of classes."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

INK, MUTED, GRID = "#1b2733", "#5d6b78", "#e3e8ed"
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.parse_math": False,  # names of classes and pictures may have dollar signs
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": GRID,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "pdf.fonttype": 42,
    "svg.hashsalt": "wsss",
}
SERIES = (  # column, name, colour, marker, line
    ("miou", "with CRF", "#1f5f99", "o", "-"),
    ("miou_without_crf", "without CRF", "#c8651b", "s", "--"),
)


def save_figure(figure, *files: Path) -> None:
    """Writes a figure to every file, by its suffix, without time stamps, so that equal figures are equal bytes."""
    for file in files:
        pdf = Path(file).suffix == ".pdf"
        figure.savefig(file, dpi=150, metadata={"CreationDate": None} if pdf else {"Software": None})
    plt.close(figure)


def draw_sweep(
    points: pd.DataFrame,
    *,
    title: str,
    axis: str,
    default: str | None = None,
    published_best: tuple[float, float] | None = None,
):
    """A figure of the mIoU (%) with and without CRF; a band shows ± one standard deviation over seeds.

    ``points``: from ``wsss.tables.sweep_table``, in the order of the axis.  Values that are all numbers are placed to
    scale, others at equal distances.  ``default``: the value that the configuration uses elsewhere is marked.
    A column ``paper`` (%) is drawn as points.  ``published_best``: the range that the paper calls best, shaded if the
    values are numbers.
    """
    names = [str(v) for v in points["value"]]
    numbers = pd.to_numeric(pd.Series(names), errors="coerce")
    places = numbers.tolist() if numbers.notna().all() else list(range(len(names)))
    order = sorted(range(len(names)), key=places.__getitem__)
    points, places = points.iloc[order], [places[i] for i in order]
    names, numeric = [names[i] for i in order], numbers.notna().all()
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
        for column, name, colour, marker, line in SERIES:
            mean, spread = points[column], points[f"{column}_std"]
            look = {"color": colour, "marker": marker, "linestyle": line, "markersize": 5.5, "linewidth": 1.8}
            axes.plot(places, mean, label=name, **look)
            if spread.notna().any():
                axes.fill_between(places, mean - spread, mean + spread, color=colour, alpha=0.14, linewidth=0)
        if "paper" in points and points["paper"].notna().any():
            axes.plot(places, points["paper"], "D", color=INK, markersize=6, label="paper", zorder=3)
        if published_best is not None and numeric:
            axes.axvspan(*published_best, color=MUTED, alpha=0.12, linewidth=0, zorder=0, label="best in the paper")
        if default is not None and default in names:
            place = places[names.index(default)]
            axes.axvline(place, color=MUTED, linewidth=1, linestyle=":", zorder=0, label="default")
        axes.set_xticks(*_ticks(places, names))
        axes.set_xlabel(axis)
        axes.set_ylabel("validation mIoU (%)")
        axes.margins(x=0.04, y=0.12)
        seeds = sorted(set(points["seeds"]))
        count = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]}–{seeds[-1]}"
        spread = "; band: ± 1 std" if seeds[-1] > 1 else ""
        axes.set_title(title, loc="left", fontsize=11, fontweight="bold", pad=26, wrap=True)
        subtitle = f"mean over {count} seed{'s' if count != '1' else ''}{spread}"
        axes.text(0, 1.025, subtitle, transform=axes.transAxes, fontsize=9, color=MUTED)
        figure.legend(loc="outside lower center", ncols=5, frameon=False, fontsize=9)
    return figure


PALETTE = ("#1f5f99", "#c8651b", "#2e8b6f", "#8a4f9e", "#a23b4a", "#6b7480")


def draw_pairs(table: pd.DataFrame, *, title: str):
    """A figure of bars, one group for each pair of a class and its context: confusion ratio, and IoU (%).

    ``table``: from ``wsss.label_scores.confusion_table``.  A ratio that is infinite or NaN has no bar.  Lines show one
    standard deviation over seeds.
    """
    pairs = list(dict.fromkeys(zip(table["class"], table["context"], strict=True)))
    experiments = list(dict.fromkeys(table["label"]))
    rows = table.set_index(["label", "class", "context"])
    width = 0.8 / len(experiments)
    with plt.rc_context(STYLE):
        figure, panels = plt.subplots(1, 2, figsize=(9.6, 3.8), layout="constrained")
        for axes, column, name in zip(panels, ("confusion", "iou"), ("confusion ratio", "IoU (%)"), strict=True):
            for number, experiment in enumerate(experiments):
                places = [place - 0.4 + width * (number + 0.5) for place in range(len(pairs))]
                found = rows.loc[[(experiment, *pair) for pair in pairs]]
                heights = found[column].where(np.isfinite(found[column]))
                look = {"color": PALETTE[number % len(PALETTE)], "ecolor": INK, "error_kw": {"linewidth": 1}}
                spread = found[f"{column}_std"] if found[f"{column}_std"].notna().any() else None
                axes.bar(places, heights, width * 0.92, yerr=spread, label=experiment, **look)
            axes.set_xticks(range(len(pairs)), [f"{c}\n← {context}" for c, context in pairs])
            axes.set_axisbelow(True)
            axes.set_xlim(-0.5, len(pairs) - 0.5)
            axes.set_ylabel(name)
            axes.set_ylim(bottom=0)
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return figure


def _ticks(places: list[float], names: list[str], minimum: float = 0.045) -> tuple[list[float], list[str]]:
    """Every place gets a tick; a name that would run into the one before it is left out."""
    extent = (places[-1] - places[0]) or 1
    shown, last = [], None
    for place, name in zip(places, names, strict=True):
        free = last is None or (place - last) / extent >= minimum + 0.008 * len(name)
        shown.append(name if free else "")
        last = place if free else last
    return places, shown
