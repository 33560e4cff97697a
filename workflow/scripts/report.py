"""Has Snakemake write its HTML report of finished targets."""

import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from job import job

with job(snakemake), tempfile.TemporaryDirectory() as folder:
    # The run that this job belongs to holds the lock; its configuration, overlays included, is handed on in one file.
    configuration = Path(folder) / "config.yaml"
    configuration.write_text(yaml.safe_dump(dict(snakemake.params.config), sort_keys=False))
    command = [sys.executable, "-m", "snakemake", "--snakefile", snakemake.params.snakefile, "--nolock", "--cores", "1"]
    command += ["--report", snakemake.output.html, *snakemake.input.shown, "--configfile", str(configuration)]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with open(snakemake.log[0], "a") as log:
        log.write(run.stdout)
    if run.returncode:
        raise ValueError(f"Snakemake could not write the report: {' '.join(run.stdout.split())[-300:]}")
