"""Lists where the artifacts come from."""

from pathlib import Path

from job import job

with job(snakemake):
    from wsss.chains import Records, chains_section
    from wsss.pages import page, section
    from wsss.run_records import environment_table, provenance_table

    results, data = Path(snakemake.output.html).parents[1], Path(snakemake.params.data)
    baseline = snakemake.params.baseline
    records = Records(results, baseline, data)
    chains = [chains_section(name, *entry, records) for name, entry in snakemake.params.numbers.items()]
    artifacts = section(provenance_table(results, baseline, data), "All artifacts", file="provenance.csv")
    environment = section(environment_table(results), "Software and hardware")
    Path(snakemake.output.html).write_text(page("Provenance", *chains, artifacts, environment))
