"""Signals that ask a job to stop: it ends at the next good moment instead of at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# SIGURG is what the cluster's profile asks for before the time limit: the shells between SLURM and the job ignore it,
# whereas SIGTERM would end them, and SLURM then the job.
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGURG)


class Stopped(Exception):
    """A job that was asked to stop and can go on, in one sentence."""


@contextmanager
def stop_requests() -> Iterator[threading.Event]:
    """Yields an event that ``SIGNALS`` set, in place of what they do otherwise."""
    event, before = threading.Event(), {}
    with suppress(ValueError):  # only the main thread may handle signals
        for number in SIGNALS:
            before[number] = signal.signal(number, lambda *_: event.set())
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
