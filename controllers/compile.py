"""A problem written in cvxpy, compiled once to the arrays that a QP solver takes.

``minimise 1/2 x'Px + q'x  subject to  l <= Ax <= u`` with ``q``, ``l``, ``u`` affine in the parameters and ``P``, ``A``
constant. cvxpy writes an auxiliary variable for each squared expression and two rows for a two-sided limit; both are
undone here (fewer unknowns, one row per limit: several times faster to solve). cvxpy is used here and in ``problems``
and nowhere else; no cycle ever calls it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import cvxpy as cp
import numpy as np
import scipy.sparse as sp
from cvxpy.constraints.nonpos import Inequality

from controllers.engines.problem import NO_LIMIT
from controllers.model import FloatArray, IntArray

_DENSE, _FILLED = 60_000, 0.15
"""A matrix of no more entries, or filled to more than this share, is multiplied faster as a dense one."""


def fastest(matrix: sp.csr_array) -> FloatArray | sp.csr_array:
    """Return ``matrix`` in the form that multiplies a vector fastest."""
    size = matrix.shape[0] * matrix.shape[1]
    return np.ascontiguousarray(matrix.toarray()) if size <= _DENSE or matrix.nnz > _FILLED * size else matrix


class CompileError(ValueError):
    """The problem is not a QP whose parameters enter through ``q``, ``l`` and ``u`` alone."""


@dataclass(frozen=True, slots=True)
class Affine:
    """``constant + matrix @ parameters``."""

    constant: FloatArray
    matrix: sp.csr_array


@dataclass(frozen=True, slots=True)
class Compiled:
    """One problem, ready for a solver."""

    name: str
    p: sp.csc_array
    """Full symmetric."""
    a: sp.csc_array
    vectors: Affine
    """``q``, ``l`` and ``u``, one below the other."""
    map: FloatArray | sp.csr_array
    """The matrix of ``vectors`` in the form that multiplies fastest."""
    parameters: Mapping[str, slice]
    variables: Mapping[str, slice]
    """Where each variable of the written problem stands among the solver's unknowns."""
    limits: tuple[slice, ...]
    """For each written inequality, its entries in ``row`` and ``side``."""
    row: IntArray
    """The solver's row of each written inequality's entry."""
    side: IntArray
    """1 where it became the row's upper limit, -1 where the lower."""

    def theta(self, values: Mapping[str, FloatArray]) -> FloatArray:
        """Return the parameter vector. Raises KeyError for a missing parameter, ValueError for a wrong size."""
        parts = [values[name].ravel() for name in self.parameters]
        for part, (name, place) in zip(parts, self.parameters.items(), strict=True):
            if len(part) != place.stop - place.start:
                raise ValueError(f"{self.name}: parameter {name} has {len(part)} values")
        return np.concatenate(parts) if parts else np.zeros(0)

    def at(self, values: Mapping[str, FloatArray]) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return ``q``, ``l`` and ``u`` at these parameters. Raises as ``theta``."""
        every = self.map @ self.theta(values)
        every += self.vectors.constant
        rows, unknowns = self.a.shape
        return every[:unknowns], every[unknowns : unknowns + rows], every[unknowns + rows :]

    def duals(self, limit: int, y: FloatArray) -> FloatArray:
        """Return the multipliers of one written inequality, in the order written; zero or positive."""
        place = self.limits[limit]
        result: FloatArray = np.maximum(self.side[place] * y[self.row[place]], 0.0)
        return result

    def block(self, limit: int, variable: str, entries: FloatArray) -> tuple[IntArray, FloatArray]:
        """Return where in ``a.data`` the coefficients of ``variable`` in a written inequality lie, and with which sign,
        for each nonzero of ``entries`` in row order. Raises CompileError where one lacks.

        ``entries`` (that inequality's rows, the variable's size) are the coefficients as written. They may then be
        replaced cycle by cycle, times that sign, without compiling anew.
        """
        place = self.limits[limit]
        row, column = np.nonzero(entries)
        if len(row) == 0:  # nothing acts on anything: an empty choice of a sparse matrix is no array
            return np.zeros(0, dtype=np.intp), np.zeros(0)
        number = sp.csc_array((np.arange(1.0, self.a.nnz + 1.0), self.a.indices, self.a.indptr), shape=self.a.shape)
        found = sp.csr_array(number)[self.row[place][row], self.variables[variable].start + column]
        at: IntArray = np.asarray(found).astype(np.intp) - 1
        if (at < 0).any():
            raise CompileError(f"{self.name}: a coefficient of {variable} has no place of its own")
        return at, np.sign(self.a.data[at] * entries[row, column])


def compiled(name: str, problem: cp.Problem) -> Compiled:
    """Compile ``problem`` (variables and parameters one-dimensional and named). Raises CompileError."""
    if not problem.is_dpp():
        raise CompileError(f"{name}: not convex with parameters (DPP)")
    for parameter in problem.parameters():
        parameter.value = np.zeros(parameter.shape)
    data, _, _ = problem.get_problem_data(cp.OSQP)
    program = data["param_prob"]
    sizes = {p.id: (p.name(), p.size) for p in problem.parameters()}
    order = sorted(sizes, key=lambda i: sizes[i][0])
    columns: list[int] = []
    parameters: dict[str, slice] = {}
    for i in order:
        label, size = sizes[i]
        first = program.param_id_to_col[i]
        parameters[label] = slice(len(columns), len(columns) + size)
        columns += range(first, first + size)
    constant_column = program.param_id_to_col[-1]

    n = int(program.x.size)
    rows = program.A.shape[0] // (n + 1)
    quadratic = sp.csc_array(program.P)
    entries = sp.coo_array(program.A)
    in_rows = entries.row < rows * n
    if quadratic[:, columns].nnz or np.isin(entries.col[in_rows], columns).any():
        raise CompileError(f"{name}: a parameter multiplies a variable inside a limit or a square")
    at, value = entries.row[in_rows], -entries.data[in_rows]  # all of it in the constant column, column by column
    a = sp.csr_array((value, (at % rows, at // rows)), shape=(rows, n))
    rest = (entries.data[~in_rows], (entries.row[~in_rows] - rows * n, entries.col[~in_rows]))
    bound = _affine(sp.csc_array(rest, shape=(rows, entries.shape[1])), columns, constant_column)
    cost = _affine(sp.csc_array(sp.csr_array(program.q)[:n, :]), columns, constant_column)
    p = _column(quadratic, constant_column).reshape((n, n), order="F").tocsr()
    equal = int(program.cone_dims.zero)

    variables = {
        v.name(): slice(program.var_id_to_col[v.id], program.var_id_to_col[v.id] + v.size) for v in problem.variables()
    }
    kept, back, offset = _eliminate(a[:equal, :], _rows(bound, np.arange(equal)), variables, n)
    if len(kept):  # an equality that defines nothing stays a row with l = u
        a = sp.vstack((a[kept, :], a[equal:, :])).tocsr()
        bound = _rows(bound, np.concatenate((kept, np.arange(equal, rows))))
    else:
        a = a[equal:, :]
        bound = _rows(bound, np.arange(equal, rows))
    merged, low, high, row, side = _merge(a, bound, len(kept))
    shift = Affine(merged @ offset.constant, (merged @ offset.matrix).tocsr())
    q = Affine(back.T @ (cost.constant + p @ offset.constant), (back.T @ (cost.matrix + p @ offset.matrix)).tocsr())
    vectors = Affine(
        np.concatenate((q.constant, low.constant - shift.constant, high.constant - shift.constant)),
        sp.csr_array(sp.vstack((q.matrix, low.matrix - shift.matrix, high.matrix - shift.matrix))),
    )
    return Compiled(
        name=name,
        p=(back.T @ p @ back).tocsc(),
        a=_ordered(merged @ back),
        vectors=vectors,
        map=fastest(vectors.matrix),
        parameters=parameters,
        variables=_among(variables, back),
        limits=_places(problem),
        row=row,
        side=side,
    )


def _ordered(matrix: sp.csr_array) -> sp.csc_array:
    result = sp.csc_array(matrix)
    result.sum_duplicates()
    return result


def _among(variables: Mapping[str, slice], back: sp.csr_array) -> dict[str, slice]:
    """Return where each written variable stands among the unknowns: it is one itself, never eliminated."""
    first = {name: int(back.indices[back.indptr[place.start]]) for name, place in variables.items()}
    return {name: slice(first[name], first[name] + place.stop - place.start) for name, place in variables.items()}


def _places(problem: cp.Problem) -> tuple[slice, ...]:
    sizes = [int(c.size) for c in problem.constraints if isinstance(c, Inequality)]
    ends = list(itertools.accumulate(sizes, initial=0))
    return tuple(itertools.starmap(slice, itertools.pairwise(ends)))


def _column(matrix: sp.csc_array, column: int) -> sp.coo_array:
    return sp.coo_array(matrix[:, [column]])


def _affine(matrix: sp.csc_array, columns: list[int], constant_column: int) -> Affine:
    return Affine(matrix[:, [constant_column]].toarray().ravel(), matrix[:, columns].tocsr())


def _rows(affine: Affine, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Affine:
    return Affine(affine.constant[rows], affine.matrix[rows, :])


def _eliminate(
    equalities: sp.csr_array, bound: Affine, variables: Mapping[str, slice], n: int
) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], sp.csr_array, Affine]:
    """Solve each equality that defines an auxiliary variable for it.

    Returns the equalities that remain, and the full vector as ``back @ unknowns + offset``.
    """
    named = np.zeros(n, dtype=np.bool_)
    for place in variables.values():
        named[place] = True
    uses = np.bincount(equalities.indices, minlength=n)
    solved: dict[int, tuple[int, float]] = {}
    kept: list[int] = []
    for row in range(equalities.shape[0]):
        span = slice(equalities.indptr[row], equalities.indptr[row + 1])
        columns, values = equalities.indices[span], equalities.data[span]
        own = np.flatnonzero(~named[columns] & (uses[columns] == 1) & (values != 0.0))
        if len(own):
            solved[int(columns[own[0]])] = (row, float(values[own[0]]))
        else:
            kept.append(row)
    unknowns = np.setdiff1d(np.arange(n), np.fromiter(solved, dtype=np.intp, count=len(solved)))
    # x[j] = (bound - the rest of its row) / its coefficient, for each unknown j that is solved for
    defined = np.fromiter(solved, dtype=np.intp, count=len(solved))
    by = np.array([row for row, _ in solved.values()], dtype=np.intp)
    inverse = np.array([1.0 / coefficient for _, coefficient in solved.values()])
    spread = sp.csr_array((inverse, (defined, by)), shape=(n, equalities.shape[0]))
    back = sp.csr_array(sp.eye_array(n)) - spread @ equalities
    constant = np.zeros(n)
    constant[defined] = inverse * bound.constant[by]
    return (
        np.array(kept, dtype=np.intp),
        sp.csr_array(sp.csc_array(back)[:, unknowns]),
        Affine(constant, sp.csr_array(spread @ bound.matrix)),
    )


def _merge(a: sp.csr_array, bound: Affine, equal: int) -> tuple[sp.csr_array, Affine, Affine, IntArray, IntArray]:
    """Join ``r x <= b`` and ``-r x <= c`` to ``-c <= r x <= b``; the first ``equal`` rows are equalities.

    Returns the rows, their limits, and for each inequality the row and the side where it went.
    """
    place: dict[tuple[bytes, bytes], list[int]] = {}
    first: list[int] = list(range(equal))
    limit = {1: list(range(equal)), -1: list(range(equal))}
    flip = [1.0] * equal
    went_row: list[int] = []
    went_side: list[int] = []
    for row in range(equal, a.shape[0]):
        span = slice(a.indptr[row], a.indptr[row + 1])
        order = np.argsort(a.indices[span], kind="stable")
        columns, values = a.indices[span][order], a.data[span][order]
        sign = 1 if len(values) == 0 or values[0] > 0.0 else -1
        alike = place.setdefault((columns.tobytes(), (sign * values + 0.0).tobytes()), [])
        free = [k for k in alike if limit[sign][k] < 0]
        if free:
            k = free[0]
        else:
            k = len(first)
            alike.append(k)
            first.append(row)
            flip.append(float(sign))
            limit[1].append(-1)
            limit[-1].append(-1)
        limit[sign][k] = row
        went_row.append(k)
        went_side.append(sign)
    merged = (sp.diags_array(np.array(flip)) @ a[first, :]).tocsr()
    return (
        merged,
        _side(bound, limit[-1], -1.0, equal),
        _side(bound, limit[1], 1.0, equal),
        np.array(went_row, dtype=np.intp),
        np.array(went_side, dtype=np.intp),
    )


def _side(bound: Affine, rows: list[int], sign: float, equal: int) -> Affine:
    index = np.array(rows, dtype=np.intp)
    there = index >= 0
    factor = np.where(np.arange(len(rows)) < equal, 1.0, sign)
    constant = np.where(there, factor * bound.constant[np.maximum(index, 0)], sign * NO_LIMIT)
    matrix = sp.diags_array(np.where(there, factor, 0.0)) @ bound.matrix[np.maximum(index, 0), :]
    return Affine(constant, sp.csr_array(matrix))
