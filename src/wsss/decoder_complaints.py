"""What the JPEG decoder says on the standard error about data that it has made up; OpenCV passes it on to nobody."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wsss.data import DataError

# libjpeg's warnings (jerror.h) after which pixels are not those of the file.
DAMAGE = re.compile(r"Corrupt JPEG data: .*|Premature end of JPEG file|Inconsistent progression sequence.*")
PADDING = re.compile(r"Corrupt JPEG data: (\d+) extraneous bytes before marker 0xd9")  # after the last pixel
MOST_PADDING = 16  # bytes; more of them are pixels that a damaged code has skipped


class Complaints:
    """While it is open, ``about`` refuses a picture whose decoder complains.  One thread at a time."""

    def __enter__(self) -> "Complaints":
        self._heard, self._screen = tempfile.TemporaryFile(), os.dup(2)
        return self

    def __exit__(self, *_) -> None:
        os.close(self._screen)
        self._heard.close()

    @contextmanager
    def about(self, picture: Path) -> Iterator[None]:
        """Raises ``DataError`` in libjpeg's words if it warned of damage within the block."""
        os.dup2(self._heard.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(self._screen, 2)
            said = self._new_words()
        for complaint in DAMAGE.findall(said):
            padding = PADDING.fullmatch(complaint)
            if not padding or int(padding[1]) > MOST_PADDING:
                raise DataError(f"{picture} is damaged ({complaint}): copy the picture again or replace it")

    def _new_words(self) -> str:
        if not os.fstat(self._heard.fileno()).st_size:
            return ""
        said = os.pread(self._heard.fileno(), 1 << 16, 0).decode(errors="replace")
        os.ftruncate(self._heard.fileno(), 0)
        os.lseek(self._heard.fileno(), 0, os.SEEK_SET)
        return said
