"""What is odd about a data set but allowed: said, and kept for ``snakemake check``."""

from pathlib import Path


def keep_notes(run, file, sentences) -> None:
    """Says each of the ``sentences`` on screen and in the log, and writes them to ``file``, one a line."""
    for sentence in sentences:
        run.progress.say(f"warning: {sentence}")
    Path(file).write_text("".join(f"{sentence}\n" for sentence in sentences), encoding="utf-8")
