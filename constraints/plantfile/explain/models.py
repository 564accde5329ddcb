"""Pages of models."""

from __future__ import annotations

from typing import Final

from constraints.plantfile.explain.page import Page

PAGES: Final = (
    Page(
        code="E070",
        means="A model names a CV, MV, DV, function or multiplier that is not declared.",
        matters="The effect would be left out of every prediction.",
        wrong="""
models:
  T_outt:
    T_in_sp: {gain: 0.5, lags: [2 min]}
""",
        right="""
models:
  T_out:
    T_in_sp: {gain: 0.5, lags: [2 min]}
""",
        do="Models are listed by CV, then by MV or DV. Instead of a readback name its MV.",
    ),
    Page(
        code="E071",
        means="A model with a gain of 0.",
        matters="It says that there is an effect and that there is none.",
        wrong="""
models:
  T_out:
    feed_sp: {gain: 0, lags: [2 min]}
""",
        right="""
models:
  T_out:
    feed_sp: {gain: -0.02, lags: [2 min]}
""",
        do="Write the gain, or remove the pair where there is no effect.",
    ),
    Page(
        code="E072",
        means="A table cannot be followed: too few points, not two numbers each, or not ascending. A step response "
        "begins at 0 s.",
        matters="Between points of a table out of order there is no straight line.",
        wrong="""
models:
  T_out:
    feed_sp: {step: [[0, 0]]}
""",
        right="""
models:
  T_out:
    feed_sp: {step: [[0, 0], [1 min, -0.01], [5 min, -0.02]]}
""",
        do="Write two points or more, each [first, second], the first ones ascending.",
    ),
    Page(
        code="E073",
        means="The matrices of a state-space block do not fit its inputs, CVs and states (rows of A).",
        matters="Numbers that do not multiply are no model; most often B and C are exchanged or transposed.",
        wrong="""
state_space:
  - {name: chamber, inputs: [T_in_sp], cvs: [T_out], A: [[-0.01]], B: [[1, 2]], C: [[0.005]]}
""",
        right="""
state_space:
  - {name: chamber, inputs: [T_in_sp], cvs: [T_out], A: [[-0.01]], B: [[1]], C: [[0.005]]}
""",
        do="A: states x states, B: states x inputs, C: CVs x states, D: CVs x inputs.",
    ),
    Page(
        code="E074",
        means="An engineer's function cannot be used: its address has another form, it cannot be imported, or nothing "
        "says at which point its derivatives are typical.",
        matters="The plan would miss the effects that the function describes.",
        wrong="""
functions:
  drying: {call: "our-models:steady", mvs: [T_in_sp, feed_sp], cvs: [T_out]}
""",
        right="""
functions:
  drying: {call: "our_models:steady", mvs: [T_in_sp, feed_sp], cvs: [T_out]}
""",
        do="Write package.module:function or the name of an entry point, and install the package into Setwise's "
        "environment. DVs without a range need a value under at.",
    ),
    Page(
        code="E075",
        means="A transformed variable stands in a constraint or a function, or a valve's transform has no limits.",
        matters="A constraint is straight in engineering units; in transformed ones it would bend.",
        wrong="""
cvs:
  T_out:
    transform: {kind: log, at: 85}
constraints:
  - {name: Load, expr: "feed_sp + 40 * T_out <= 7200"}
""",
        right="""
constraints:
  - {name: Load, expr: "feed_sp + 40 * T_out <= 7200"}
""",
        do="Remove the transform or the constraint. A function may bend by itself.",
    ),
    Page(
        code="E078",
        means="The models have the right form, but cannot be computed with: a state-space block is not stable or has "
        "integrators in a row, a function gave no numbers, or a gain that varies has a second model beside it.",
        matters="No steady state exists toward which the plant could be led.",
        wrong="""
state_space:
  - {name: chamber, inputs: [T_in_sp], cvs: [T_out], A: [[0.01]], B: [[1]], C: [[0.005]]}
""",
        right="""
state_space:
  - {name: chamber, inputs: [T_in_sp], cvs: [T_out], A: [[-0.01]], B: [[1]], C: [[0.005]]}
""",
        do="Look at the signs in A; its eigenvalues have negative real parts. A level is integrating: true of a pair. Call "
        "a function by hand at the point that the message names.",
    ),
)
