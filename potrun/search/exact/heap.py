"""Open boxes of a search, the one with the lowest bound first; of equal bounds the oldest."""

import numpy as np

from potrun.core.records import FloatArray
from potrun.search.exact.jit import inlined
from potrun.search.exact.records import Box
from potrun.search.exact.tuning import GRID_RATIO, GRID_U, MOST_PIECES

BOUND, AGE, BOX = 0, 1, 2
"""Columns of an entry: its bound, its number, and where its box starts."""


def new_heap(max_boxes: int) -> FloatArray:
    """Allocate a heap for all boxes that a search of `max_boxes` can have open at once; (size, 8)."""
    return np.zeros((max_boxes + GRID_U * GRID_RATIO + MOST_PIECES, BOX + len(Box._fields)))


@inlined
def push(heap: FloatArray, length: int, bound: float, age: int, box: Box) -> int:
    """Add a box; return the new length."""
    place = length
    while place > 0:
        parent = (place - 1) // 2
        if not _is_before(bound, float(age), heap[parent, BOUND], heap[parent, AGE]):
            break
        _copy(heap, place, parent)
        place = parent
    heap[place, BOUND], heap[place, AGE] = bound, age
    heap[place, 2], heap[place, 3], heap[place, 4] = box.u_low, box.u_high, box.ratio_low
    heap[place, 5], heap[place, 6], heap[place, 7] = box.ratio_high, box.amplitude_low, box.amplitude_high
    return length + 1


@inlined
def first_box(heap: FloatArray) -> Box:
    """Box with the lowest bound."""
    return Box(heap[0, 2], heap[0, 3], heap[0, 4], heap[0, 5], heap[0, 6], heap[0, 7])


@inlined
def remove_first(heap: FloatArray, length: int) -> int:
    """Remove the first box; return the new length."""
    last = length - 1
    bound, age = heap[last, BOUND], heap[last, AGE]
    place = 0
    while 2 * place + 1 < last:
        child = 2 * place + 1
        if child + 1 < last and _is_before(
            heap[child + 1, BOUND], heap[child + 1, AGE], heap[child, BOUND], heap[child, AGE]
        ):
            child += 1
        if not _is_before(heap[child, BOUND], heap[child, AGE], bound, age):
            break
        _copy(heap, place, child)
        place = child
    _copy(heap, place, last)
    return last


@inlined
def _copy(heap: FloatArray, to: int, source: int) -> None:
    """Copy an entry, number by number as CUDA needs it."""
    for column in range(heap.shape[1]):
        heap[to, column] = heap[source, column]


@inlined
def _is_before(bound: float, age: float, other_bound: float, other_age: float) -> bool:
    return bound < other_bound or (bound == other_bound and age < other_age)
