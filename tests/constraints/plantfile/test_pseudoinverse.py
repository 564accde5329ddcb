"""The pseudo-inverse against numpy's, of any shape and rank."""

from __future__ import annotations

import numpy as np
import pytest

from constraints.plantfile.lint.pseudoinverse import pseudoinverse


@pytest.mark.parametrize(
    ("rows", "columns", "rank"), [(1, 1, 1), (4, 4, 4), (7, 3, 3), (3, 7, 3), (6, 5, 2), (20, 30, 20)]
)
def test_it_is_numpys(rows: int, columns: int, rank: int) -> None:
    random = np.random.default_rng(rows * 100 + columns)
    matrix = random.normal(size=(rows, rank)) @ random.normal(size=(rank, columns))
    matrix *= 10.0 ** random.uniform(-2.0, 2.0, size=(rows, 1))  # concerns of many sizes
    expected = np.linalg.pinv(matrix, rcond=1e-12)
    assert np.array(pseudoinverse(matrix.tolist())) == pytest.approx(
        expected, rel=1e-6, abs=1e-6 * np.abs(expected).max()
    )


@pytest.mark.parametrize("last", [1e308, 1.0 + 2e-9, 1.0 + 1e-9, 1.0 + 5e-10, 0.0])
def test_hostile_numbers_raise_nothing(last: float) -> None:
    assert len(pseudoinverse([[1.0, 1.0], [1.0, last]])) in (0, 2)
    assert len(pseudoinverse([[1e300, 1e-300, 3.0], [1.0, last, 1e308], [0.0, 0.0, 1e-9]])) in (0, 3)


def test_columns_exactly_alike_share() -> None:
    assert np.array(pseudoinverse([[2.0, 2.0], [1.0, 1.0]])) == pytest.approx(np.array([[0.2, 0.1], [0.2, 0.1]]))
