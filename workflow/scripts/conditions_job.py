"""What scripts that compute a table have in common: the conditions of its rows."""

from pathlib import Path


def write_conditions(snakemake, metrics: dict[str, list[str]]) -> None:
    """Writes the conditions of a table's rows: ``output.conditions``, a CSV, and ``output.note``, the sentences.

    ``params.conditions``: experiment → its conditions and label; ``params.records``: experiment → the records of its
    stages.  ``metrics``: experiment → its evaluations.
    """
    from wsss.conditions_table import conditions_note, conditions_table, pictures_scored
    from wsss.versions import mixed, versions_of

    p, out = snakemake.params, snakemake.output
    rows = {e: {**p.conditions[e], "images": pictures_scored(files)} for e, files in metrics.items()}
    made = {e: versions_of(p.records[e]) for e in rows}
    table = conditions_table(rows, made)
    table.to_csv(out.conditions, index=False)
    mixture = mixed({rows[e]["label"]: versions for e, versions in made.items()})
    Path(out.note).write_text(" ".join(filter(None, [conditions_note(table), mixture])) + "\n")
