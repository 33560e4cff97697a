"""Runs on a real SLURM: what each rule asks for, and jobs that do not live to their end."""

import csv

from runs import Workplace


def test_a_table_from_sbatch_to_table(table_run: Workplace):
    with open(table_run.results / "tables/nsrom_table3.csv") as stream:
        rows = list(csv.DictReader(stream))
    print(rows)
    for i, j in table_run.jobs().items():
        print(
            i,
            {
                k: j[k]
                for k in (
                    "Comment",
                    "NumCPUs",
                    "MinMemoryNode",
                    "TimeLimit",
                    "Partition",
                    "JobState",
                    "RunTime",
                    "StartTime",
                    "EndTime",
                )
            },
            j.get("TresPerJob"),
        )
    print(table_run.cluster.script(1))
