"""What scripts have in common whose rule can be scattered: a job makes a part of the labels, or gathers the parts."""

import shutil
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace


@contextmanager
def whole_or_part(snakemake, labels: str = "labels"):
    """Yields where labels and manifest go (``labels``, ``manifest``), the part's ``name``, and ``parts`` to take over.

    ``labels``: the rule's output that holds the labels.  A ``whole`` clears away its parts when the block succeeds.
    """
    from wsss.artifacts import written_aside

    if hasattr(snakemake.output, "part"):
        with written_aside(Path(snakemake.output.part)) as aside:
            aside.mkdir()
            where = {"labels": aside / "labels", "manifest": aside / "manifest.csv"}
            yield SimpleNamespace(whole=False, name=snakemake.wildcards.scatteritem, parts=[], **where)
            (aside / "made_from.txt").write_text(_made_from(snakemake))
    else:
        manifest = Path(snakemake.output.manifest)
        parts = manifest.parent / "parts"
        where = {"labels": Path(snakemake.output[labels]), "manifest": manifest}
        yield SimpleNamespace(whole=True, name="1-of-1", parts=_usable(parts, snakemake), **where)
        shutil.rmtree(parts, ignore_errors=True)


def _usable(folder: Path, snakemake) -> list[Path]:
    """The parts that were made from what the whole is made from; those of an interrupted run may be older."""
    found = sorted(folder.glob("*-of-*/made_from.txt"))
    made_from = _made_from(snakemake) if found else None
    return [file.parent for file in found if file.read_text() == made_from]


def _made_from(snakemake) -> str:
    """Of files and parameters alone; folders of pictures and labels are listed in files."""
    from wsss.fingerprints import fingerprint

    return fingerprint([f for f in snakemake.input if Path(f).is_file()], dict(snakemake.params.items()))
