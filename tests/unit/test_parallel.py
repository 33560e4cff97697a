"""One function over many pictures on several processes."""

import os
import time

import pytest

from wsss.parallel import map_pictures, map_stream


def square(value: int) -> tuple[int, int]:
    time.sleep(0.002 * (value % 3))
    return value**2, os.getpid()


def fail_at_seven(value: int) -> int:
    if value == 7:
        raise ValueError("picture 7 is damaged")
    return value


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_results_come_in_order(processes):
    results = list(map_pictures(square, list(range(20)), processes, chunk=3))
    assert [value for value, _ in results] == [v**2 for v in range(20)]
    workers = {worker for _, worker in results}
    assert (workers == {os.getpid()}) if processes == 1 else (os.getpid() not in workers and len(workers) > 1)


@pytest.mark.parametrize("processes", [1, 2])
def test_an_exception_reaches_the_caller(processes):
    with pytest.raises(ValueError, match="picture 7"):
        list(map_pictures(fail_at_seven, list(range(20)), processes))


def test_no_pictures():
    assert list(map_pictures(square, [], 2)) == []


def test_one_process_computes_only_what_is_asked_for():
    results = map_pictures(fail_at_seven, list(range(20)))
    assert [next(results) for _ in range(7)] == list(range(7))


@pytest.mark.parametrize("processes", [1, 2])
def test_a_stream_is_worked_off_while_it_is_made(processes):
    made, results = [], []

    def items():
        for value in range(20):
            made.append(value)
            yield value

    for result, worker in map_stream(square, items(), processes):
        results.append(result)
        assert len(made) - len(results) <= 2 * processes
        assert (worker == os.getpid()) == (processes == 1)
    assert results == [v**2 for v in range(20)]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_failure_in_a_stream_is_raised(processes):
    with pytest.raises(ValueError, match="picture 7 is damaged"):
        list(map_stream(fail_at_seven, range(10), processes))
