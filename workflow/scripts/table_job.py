"""What scripts that write one table for readers have in common: its three forms."""

from pathlib import Path


def write_forms(snakemake, table, title: str, note: str, *, best: bool = False) -> None:
    """Writes a table under its title as Markdown, LaTeX, and a page that holds its numbers under the input's name.

    The rule's input is ``table``, its outputs are ``md``, ``tex`` and ``html``; ``best``: see ``wsss.pages.section``.
    """
    from wsss.pages import page, section, to_latex, to_markdown

    out, file = snakemake.output, Path(snakemake.input.table).name
    Path(out.md).write_text(to_markdown(table, title, note))
    Path(out.tex).write_text(to_latex(table, title, note))
    Path(out.html).write_text(page(title, section(table, text=note, best=best, file=file)))
