"""One function over many pictures on several processes, results in order, memory independent of their number."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def map_pictures(function: Callable[[T], R], items: Sequence[T], processes: int = 1, chunk: int = 16) -> Iterator[R]:
    """Yields ``function(item)`` in the order of ``items``; ``function`` has to be picklable.

    Processes are forked: starting them anew would import the calling script a second time.
    """
    if processes <= 1:
        yield from map(function, items)
        return
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork")) as pool:
        yield from pool.map(function, items, chunksize=chunk)
