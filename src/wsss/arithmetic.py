"""Arithmetic that gives the same bits again: how many threads share a sum, and which algorithms CUDA may choose.

Floating-point sums depend on their order, and so on the number of threads that share them.  Two environment variables
decide: ``WSSS_MATH_THREADS``, by default 1, and ``WSSS_DETERMINISTIC``, by default 0.
"""

import os
from functools import cache

THREADS, DETERMINISTIC = "WSSS_MATH_THREADS", "WSSS_DETERMINISTIC"
LIBRARIES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class ArithmeticSettingError(ValueError):
    """An environment variable that cannot be understood, in one sentence."""


def math_threads() -> int:
    """The threads that share a sum, ``WSSS_MATH_THREADS``.  Raises ``ArithmeticSettingError`` for a wrong value."""
    value = os.environ.get(THREADS, "1")
    if not (value.isascii() and value.isdigit() and int(value)):
        raise ArithmeticSettingError(f"{THREADS} is '{value}': set it to a whole number from 1, or unset it")
    return int(value)


def deterministic() -> bool:
    """Whether ``WSSS_DETERMINISTIC`` is on.  Raises ``ArithmeticSettingError`` for anything but 0 and 1."""
    value = os.environ.get(DETERMINISTIC, "0")
    if value not in ("0", "1"):
        raise ArithmeticSettingError(f"{DETERMINISTIC} is '{value}': set it to 1 or 0, or unset it")
    return value == "1"


def fix_threads() -> None:
    """Gives the libraries that compute ``math_threads()`` threads; only libraries imported later notice.

    Snakemake has set the same variables to the rule's ``threads``, which follow the number of cores.
    """
    os.environ |= dict.fromkeys(LIBRARIES, str(math_threads()))


@cache
def settle() -> None:
    """Lets torch use deterministic algorithms only, if ``deterministic()``; to be called before CUDA is used.

    An operation that has none then raises torch's ``RuntimeError``, which names it.
    """
    if deterministic():
        import torch

        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when cuBLAS starts
        torch.use_deterministic_algorithms(True)
        torch.backends.cudnn.benchmark = False
