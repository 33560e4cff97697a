"""One function over many pictures on several processes, results in order, memory independent of their number."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class WorkerError(ValueError):
    """A process that died at its work, in one sentence."""


def map_pictures(function: Callable[[T], R], items: Sequence[T], processes: int = 1, chunk: int = 16) -> Iterator[R]:
    """Yields ``function(item)`` in the order of ``items``; ``function`` has to be picklable.

    Processes are forked: starting them anew would import the calling script a second time.  Raises
    ``WorkerError`` if one of them dies.
    """
    if processes <= 1:
        yield from map(function, items)
        return
    with _pool(processes) as pool:
        yield from pool.map(function, items, chunksize=chunk)


def map_stream(function: Callable[[T], R], items: Iterable[T], processes: int = 1) -> Iterator[R]:
    """Yields ``function(item)`` in order while ``items`` are still being made, two a process waiting at most.

    ``function`` has to be picklable.  The processes are forked before the first item is made: what makes the items may
    start threads or a GPU, neither of which survives a fork.  Raises ``WorkerError`` if one of them dies.
    """
    if processes <= 1:
        yield from map(function, items)
        return
    with _pool(processes) as pool:
        pool.submit(int).result()
        waiting: deque = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 2 * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    try:
        with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork")) as pool:
            yield pool
    except BrokenProcessPool:
        raise WorkerError(
            f"one of {processes} worker processes died, killed from outside or for want of memory: run the target "
            "again, which goes on with what is missing, and give it more memory if that happens again"
        ) from None
