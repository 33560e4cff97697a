"""Runs that end at once, at a chosen place."""

import io

from wsss.progress import Progress


class Outage(Exception):
    """What ends a stage as SIGKILL does: nothing handles it."""


class EndsEarly(Progress):
    """A progress that is cut off when its first loop has done so many items; ``log`` is what it said until then."""

    def __init__(self, after: int, unit: str):
        super().__init__("test", io.StringIO(), io.StringIO())
        self.after, self.unit = after, unit

    def __call__(self, items, total=None, unit="pictures", before=0):
        for number, item in enumerate(super().__call__(items, total, unit, before), 1):
            yield item
            if unit == self.unit and number == self.after:
                raise Outage
