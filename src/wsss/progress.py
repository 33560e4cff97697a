"""Progress: a bar when a person watches, plain lines in a log."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

from tqdm import tqdm

T = TypeVar("T")


class Progress:
    """Reports on loops and writes messages to a log.

    ``log``: text file that gets a plain line per message and, at most every ``interval`` seconds, per loop.
    The bar appears on ``screen`` if that is a terminal; else the plain lines go there too.
    """

    def __init__(self, name: str, log: TextIO | None = None, screen: TextIO | None = None, interval: float = 10.0):
        self.name, self.log, self.interval = name, log, interval
        self.screen = screen if screen is not None else sys.stderr

    def say(self, message: str) -> None:
        line = f"{self.name}: {message}"
        if self.log is not None:
            print(line, file=self.log, flush=True)
        if self.screen.isatty():
            tqdm.write(line, file=self.screen)
        else:
            print(line, file=self.screen, flush=True)

    def __call__(
        self, items: Iterable[T], total: int | None = None, unit: str = "pictures", before: int = 0
    ) -> Iterator[T]:
        """Yields ``items``, reporting how many of ``total`` are done, the rate, and the time left.

        ``before``: how many of ``total`` an earlier run has done; ``items`` are the others.
        """
        total = len(items) if total is None else total  # type: ignore[arg-type]
        watched = self.screen.isatty()
        start = last = time.monotonic()
        with tqdm(
            total=total, initial=before, desc=self.name, unit=f" {unit}", file=self.screen, leave=False,
            disable=not watched,
        ) as bar:  # fmt: skip
            for done, item in enumerate(items, before + 1):
                yield item
                bar.update()
                now = time.monotonic()
                if now - last >= self.interval or (done == total and now - start >= self.interval):
                    last = now
                    self._plain(done, total, unit, now - start, watched, before)

    def _plain(self, done: int, total: int, unit: str, seconds: float, watched: bool, before: int = 0) -> None:
        rate = (done - before) / seconds
        left = (total - done) / rate
        time_left = f"{int(left // 60)}:{int(left % 60):02d} left"
        text = f"{done}/{total} {unit} ({100 * done // total} %), {rate:.1f}/s, {time_left}"
        line = f"{self.name}: {text}"
        if self.log is not None:
            print(line, file=self.log, flush=True)
        if not watched:
            print(line, file=self.screen, flush=True)
