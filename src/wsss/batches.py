"""Batches for inference, read ahead by threads in the given order."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch

T = TypeVar("T")


def chunks_of(items: Sequence[T], size: int, is_done: Callable[[T], bool] = lambda item: False) -> list[Sequence[T]]:
    """``size`` items at a time, without chunks that are done entirely.

    Which items are together does not depend on what is done: a network's last bits can depend on its batch.
    """
    chunks = [items[start : start + size] for start in range(0, len(items), size)]
    return [chunk for chunk in chunks if not all(map(is_done, chunk))]


def batches_of(
    chunks: Sequence[Sequence[T]], read: Callable[[T], list[np.ndarray]], workers: int = 1
) -> Iterator[tuple[Sequence[T], list[torch.Tensor]]]:
    """Yields (items, stacked arrays): ``read`` gives an item's arrays, whose shapes do not depend on the item.

    At most three batches are in memory.
    """
    with ThreadPoolExecutor(workers) as pool:
        waiting: list[tuple[Sequence[T], list]] = []
        for chunk in chunks:
            waiting.append((chunk, [pool.submit(read, item) for item in chunk]))
            if len(waiting) > 2:
                yield _stack(*waiting.pop(0))
        for entry in waiting:
            yield _stack(*entry)


def _stack(chunk: Sequence[T], futures: list) -> tuple[Sequence[T], list[torch.Tensor]]:
    arrays = [future.result() for future in futures]
    return chunk, [torch.from_numpy(np.stack(group)) for group in zip(*arrays, strict=True)]
