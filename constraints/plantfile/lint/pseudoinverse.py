"""The pseudo-inverse of a small matrix without numpy: ``check`` starts in less time than numpy takes to import.

With orthonormal bases Q of a matrix's range and P of its row space, ``G+ = P inv(Q' G P) Q'`` (a complete orthogonal
decomposition; G. H. Golub & C. F. Van Loan, Matrix Computations, 4th ed. 2013, section 5.4.7).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

Matrix = Sequence[Sequence[float]]
Rows = list[list[float]]

_SINGULAR: Final = 1e-9
"""Of the longest column: what is left of a column beyond its share in the others counts as none below that."""


def pseudoinverse(matrix: Matrix) -> Rows:
    """Return the Moore-Penrose inverse of a matrix, given by rows; empty where rounding leaves open what it is."""
    range_basis = _basis(_transposed(matrix))
    seen = _product(range_basis, matrix)
    row_basis = _basis(seen)
    if not row_basis or len(row_basis) != len(range_basis):
        return []
    core = _inverse(_product(seen, _transposed(row_basis)))
    found = _product(_transposed(row_basis), _product(core, range_basis)) if core else []
    return found if all(math.isfinite(value) for row in found for value in row) else []


def _basis(vectors: Matrix) -> Rows:
    """Return orthonormal vectors that span ``vectors``: modified Gram-Schmidt, the longest first."""
    rest = [list(vector) for vector in vectors]
    least = _SINGULAR * max(math.hypot(*vector) for vector in rest)
    found: Rows = []
    while rest:
        sizes = [math.hypot(*vector) for vector in rest]
        longest = max(range(len(rest)), key=sizes.__getitem__)
        if sizes[longest] <= least:
            break
        new = [value / sizes[longest] for value in rest.pop(longest)]
        found.append(new)
        shares = [_dot(vector, new) for vector in rest]
        rest = [
            [a - share * b for a, b in zip(vector, new, strict=True)] if share else vector
            for vector, share in zip(rest, shares, strict=True)
        ]
    return found


def _inverse(matrix: Matrix) -> Rows:
    """Return a square matrix's inverse (Gauss-Jordan, the largest pivot of each column); empty where it has none."""
    size = len(matrix)
    rows = [[*row, *(float(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for at in range(size):
        largest = max(range(at, size), key=lambda i: abs(rows[i][at]))
        rows[at], rows[largest] = rows[largest], rows[at]
        pivot = rows[at][at]
        if not pivot:
            return []
        rows[at] = [value / pivot for value in rows[at]]
        for i, row in enumerate(rows):
            if i != at and (share := row[at]):
                rows[i] = [a - share * b for a, b in zip(row, rows[at], strict=True)]
    return [row[size:] for row in rows]


def _product(left: Matrix, right: Matrix) -> Rows:
    columns = _transposed(right)
    return [[_dot(row, column) for column in columns] for row in left]


def _transposed(matrix: Matrix) -> Rows:
    return [list(column) for column in zip(*matrix, strict=True)]


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))
