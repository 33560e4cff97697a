"""Lists where the artifacts come from."""

from pathlib import Path

from job import job

with job(snakemake):
    from wsss.pages import page, section
    from wsss.run_records import environment_table, provenance_table

    results = Path(snakemake.output.html).parents[1]
    table = provenance_table(results, snakemake.params.baseline, Path(snakemake.params.data))
    artifacts = section(table, "Artifacts", file="provenance.csv")
    environment = section(environment_table(results), "Software and hardware")
    Path(snakemake.output.html).write_text(page("Provenance", artifacts, environment))
