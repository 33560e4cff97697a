"""Stages that work picture by picture are scattered over n jobs each by ``--set-scatter images=n``."""

from snakemake.persistence import PersistenceBase


scattergather:
    images=1,


def a_part(stage):
    """Path of what one of the jobs makes, a folder."""
    return f"{RESULTS}/{stage}/{{variant}}/seed-{{seed}}/parts/{{scatteritem}}"


def parts_of(stage):
    """For ``input:``: the parts that a job gathers; none where nothing is scattered, for the parts themselves, and for
    what is there already: it is not scattered afterwards, and if it is stale, one job makes it again.
    """

    def parts(wildcards):
        manifest = f"{RESULTS}/{stage}/{wildcards.variant}/seed-{wildcards.seed}/manifest.csv"
        scattered = (
            len(gather.images("{scatteritem}")) > 1 and "scatteritem" not in wildcards.keys()
        )
        # In a process that runs a single job, the manifest of a stale artifact is gone, and the script finds the parts.
        if not scattered or not workflow.is_main_process or os.path.exists(manifest):
            return []
        return gather.images(a_part(stage), variant=wildcards.variant, seed=wildcards.seed)

    return parts


def without_parts(recorded):
    """What Snakemake records of a job's input, less the parts: with another number of them, nothing has changed."""
    return lambda self, job: [f for f in recorded(self, job) if f not in job.input.get("parts", [])]


# Snakemake has no other way to say that an input is no reason to rerun; its version is locked.
PersistenceBase._input = without_parts(PersistenceBase._input)
