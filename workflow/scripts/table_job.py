"""What scripts that write one table for readers have in common: its three forms."""

from collections.abc import Sequence
from pathlib import Path


def write_forms(snakemake, table, title: str, *notes: str, further: Sequence[str] = ()) -> None:
    """Writes a table under its title as Markdown, LaTeX, and a page that holds its numbers under the input's name.

    The rule's input is ``table``, and ``note`` if it has one, the conditions of the evaluation, which follow the given
    notes, of which some may be empty; its outputs are ``md``, ``tex`` and ``html``.  ``further``: sections that follow
    on the page.
    """
    from wsss.pages import page, section, to_latex, to_markdown

    given, out = snakemake.input, snakemake.output
    conditions = Path(given.note).read_text().strip() if given.get("note") else ""
    note = " ".join(n for n in (*notes, conditions) if n)
    Path(out.md).write_text(to_markdown(table, title, note))
    Path(out.tex).write_text(to_latex(table, title, note))
    Path(out.html).write_text(page(title, section(table, text=note, file=Path(given.table).name), *further))
