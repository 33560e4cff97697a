"""What every script does around its one call: log, progress, threads, the ground-truth guard, provenance."""

import os
import shutil
import sys
import time
import traceback
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Run:
    """What a job is given: ``progress``, ``settings`` (``params.settings``), ``seed``, ``threads``, and the rest."""

    def __init__(self, snakemake, progress):
        self.snakemake, self.progress, self.threads = snakemake, progress, snakemake.threads
        self.start = time.monotonic()
        seed = getattr(snakemake.wildcards, "seed", None)
        self.seed = None if seed is None else int(seed)
        self.settings = dict(getattr(snakemake.params, "settings", {}))
        weights = getattr(snakemake.input, "weights", None)  # absent, or empty for a backbone that brings its own
        self.weights = Path(weights) if weights else None

    @property
    def inputs(self) -> list[str]:
        """What the result depends on: parts are made from the same, and may be there or not."""
        return [str(i) for i in self.snakemake.input if i not in getattr(self.snakemake.input, "parts", [])]

    @cached_property
    def fingerprint(self) -> str:
        """Of all that the job's result depends on: inputs (code is among them), parameters, seed."""
        from wsss.fingerprints import fingerprint

        given = {"rule": self.snakemake.rule, "seed": self.seed, "parameters": dict(self.snakemake.params.items())}
        return fingerprint(self.inputs, given)

    @property
    def state_folder(self) -> Path:
        """Where the job may keep what it needs to go on; no output, since Snakemake deletes those of failed jobs."""
        log = Path(self.snakemake.log[0])
        return log.parents[2] / "state" / log.parent.name / log.stem

    @cached_property
    def state(self):
        """The saved state of a training (``wsss.resuming.SavedState``)."""
        from wsss.resuming import SavedState

        return SavedState(self.state_folder, self.fingerprint, self.snakemake.config["resuming"]["save_minutes"])

    @property
    def seconds(self) -> float:
        """How long the job has taken, with what an interrupted training took before its saved state."""
        earlier = self.state.earlier_seconds if "state" in vars(self) else 0.0  # only trainings ask for a state
        return time.monotonic() - self.start + earlier


@contextmanager
def job(snakemake, *, may_read_masks: bool = False):
    """Yields a ``Run``.

    An exception ends the job with one sentence on screen (``wsss.sentences``); the traceback is in the log.  So does a
    signal that asks it to stop.  If the rule declares the output ``provenance``, it is written when the block succeeds.
    """
    from wsss import guard
    from wsss.arithmetic import fix_threads
    from wsss.artifacts import check_digest
    from wsss.interruption import Stopped
    from wsss.progress import Progress
    from wsss.provenance import write_provenance
    from wsss.remembering import remember

    if not may_read_masks:
        guard.forbid()
    if "largest_picture" in snakemake.config:
        os.environ["WSSS_LARGEST_PICTURE"] = str(snakemake.config["largest_picture"])
    # Without a buffer: on a full disk, closing the log must not fail and hide the error that the disk is full.
    with TextIOWrapper(open(snakemake.log[0], "wb", buffering=0), write_through=True) as log:
        label = " ".join([snakemake.rule, *(str(w) for w in snakemake.wildcards)])
        run, where = Run(snakemake, Progress(label, log)), f"(traceback: {snakemake.log[0]})"
        try:
            fix_threads()  # before anything imports torch
            if run.weights and (digest := getattr(snakemake.params, "weights_digest", None)):
                check_digest(run.weights, digest)
            yield run
        except Stopped as stopped:
            run.progress.say(str(stopped))
            sys.exit(1)
        except Exception as error:
            with suppress(OSError):
                traceback.print_exc(file=log)
            # By its name: it is no code that a result depends on.
            said = import_module("wsss.sentences").sentence(error, snakemake.config.get("made_of", {}))
            sys.exit(f"Error in {label}: {said}\n{where}")
        except BaseException:
            traceback.print_exc(file=log)
            raise
        if hasattr(snakemake.wildcards, "variant"):  # its name is relative to the baseline
            remember(Path(snakemake.config["baseline"]["file"]), snakemake.config["baseline"]["values"])
        if hasattr(snakemake.output, "provenance"):
            write_provenance(
                Path(snakemake.output.provenance),
                rule=snakemake.rule,
                inputs=run.inputs,
                parameters=run.settings,
                seed=run.seed,
                seconds=run.seconds,
                threads=snakemake.threads,
                root=ROOT,
            )
        shutil.rmtree(run.state_folder, ignore_errors=True)
