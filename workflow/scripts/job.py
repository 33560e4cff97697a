"""What every script does around its one call: log, progress, threads, the ground-truth guard, provenance."""

import sys
import time
import traceback
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def job(snakemake, *, may_read_masks: bool = False):
    """Yields ``progress``, ``settings`` (``params.settings``), ``seed``, ``threads`` and the initial ``weights``.

    An expected mistake (``ValueError``, ``OSError``) ends the job with its one sentence on screen; the traceback is
    in the log.  If the rule declares the output ``provenance``, it is written when the block succeeds.
    """
    from wsss import guard
    from wsss.arithmetic import fix_threads
    from wsss.artifacts import check_digest
    from wsss.progress import Progress
    from wsss.provenance import write_provenance

    if not may_read_masks:
        guard.forbid()
    seed = getattr(snakemake.wildcards, "seed", None)
    settings = dict(getattr(snakemake.params, "settings", {}))
    weights = getattr(snakemake.input, "weights", None)  # absent, or empty for a backbone that brings its own
    start = time.monotonic()
    with open(snakemake.log[0], "w") as log:
        label = " ".join([snakemake.rule, *(str(w) for w in snakemake.wildcards)])
        progress, where = Progress(label, log), f"(traceback: {snakemake.log[0]})"
        try:
            fix_threads()  # before anything imports torch
            if weights and (digest := getattr(snakemake.params, "weights_digest", None)):
                check_digest(Path(weights), digest)
            yield SimpleNamespace(
                progress=progress,
                settings=settings,
                seed=None if seed is None else int(seed),
                threads=snakemake.threads,
                weights=Path(weights) if weights else None,
            )
        except FileNotFoundError as error:
            traceback.print_exc(file=log)
            sys.exit(f"Error in {label}: {error.filename} is missing: put it back, or have it made again\n{where}")
        except (ValueError, OSError) as error:
            traceback.print_exc(file=log)
            sys.exit(f"Error in {label}: {error}\n{where}")
        except BaseException:
            traceback.print_exc(file=log)
            raise
        if hasattr(snakemake.output, "provenance"):
            write_provenance(
                Path(snakemake.output.provenance),
                rule=snakemake.rule,
                inputs=[str(i) for i in snakemake.input if i not in getattr(snakemake.input, "parts", [])],
                parameters=settings,
                seed=None if seed is None else int(seed),
                seconds=time.monotonic() - start,
                threads=snakemake.threads,
                root=ROOT,
            )
