"""Counter-based random numbers: every draw is a function of a key, never of what was drawn before it elsewhere."""

from hashlib import blake2b

import numpy as np


def generator(*key: int | str) -> np.random.Generator:
    """Return the random generator that belongs to `key`, for example ("augment", seed, epoch, index).

    Equal keys give equal streams on every platform, in any process and in any order of calls; keys that differ in a
    value, its type (1 and "1") or their length give independent streams.
    """
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in map(_plain, key))
    digest = blake2b(text.encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))


def _plain(part: int | str) -> int | str:
    if isinstance(part, str):
        # The separator inside a part would let two different keys share one text.
        return part.replace("\x1f", "\x1f\x1f")
    return int(part)
