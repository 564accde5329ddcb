from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers.adapt.scheme import step
from controllers.adapt.words import AdaptError, Observation, State, Task, Verdict

NONE = np.zeros(0)
SCALE = np.array([1.0, 1.0])


def bowl(at, bend=(4.0, 6.0)):
    """Return the cost of a bowl with its bottom at ``at`` and, where it reaches 1.2, a limit on u0 + u1."""

    def of(u, _d):
        return np.array([(bend[0] * (u[0] - at[0]) ** 2 + bend[1] * (u[1] - at[1]) ** 2), u[0] + u[1] - 1.2])

    return of


PLANT = bowl((0.7, 0.35))
MODEL = bowl((0.3, 0.6), (5.0, 5.0))


def task(**more):
    given_here = {"model": MODEL, "lo": np.zeros(2), "hi": np.ones(2), "constraints": 1, "accuracy": 0.004}
    return Task(**{**given_here, **more})


def seen(u, outputs, noise=0.004):
    return Observation(u, NONE, outputs, np.full(len(outputs), noise))


def walk(of, plant=PLANT, start=(0.3, 0.6), steps=12, noise=0.004, seed=1, span=SCALE):
    """Return proposals and the inputs visited; ``span`` is the size of an engineering unit of each input."""
    random = np.random.default_rng(seed)
    state, u, out = State(), np.array(start) * span, []
    for _ in range(steps):
        outputs = plant(u / span, NONE)[: 1 + of.constraints]
        proposal, state = step(of, state, seen(u, outputs + noise * random.standard_normal(len(outputs)), noise))
        out.append((u, proposal, state))
        u = proposal.u
    return out


def test_the_plants_optimum_is_found_though_the_model_has_another():
    held = walk(task())[-1][1].hold
    assert PLANT(held, NONE)[0] < 0.01
    assert PLANT(np.array([0.3, 0.6]), NONE)[0] > 0.9


def test_a_limit_that_the_model_misjudges_is_reached_and_not_broken():
    def plant(u, d):
        outputs = PLANT(u, d)
        return np.array([outputs[0], outputs[1] + 0.45 + 0.2 * u[0]])

    run = walk(task(), plant, start=(0.1, 0.3), steps=14)
    held = run[-1][1].hold
    assert -0.03 < plant(held, NONE)[1] < 0.005
    assert max(plant(u, NONE)[1] for u, _, _ in run) < 0.03


@pytest.mark.parametrize("seed", range(4))
def test_no_step_is_longer_than_the_longest(seed):
    of = task(step_max=0.1)
    for u, proposal, state in walk(of, seed=seed):
        best = state.seen[state.best].u
        assert np.linalg.norm(proposal.u - best) <= 0.1 + 1e-9
        assert np.linalg.norm(proposal.hold - best) <= 0.1 + 1e-9
        assert ((u >= of.lo) & (u <= of.hi)).all()


def test_inputs_of_other_units_are_walked_the_same():
    span = np.array([1e-4, 1e5])
    plain = walk(task())
    scaled = walk(task(model=lambda u, d: MODEL(u / span, d), hi=span), span=span)
    for (u, _, _), (v, _, _) in zip(plain, scaled, strict=True):
        assert v / span == pytest.approx(u, abs=1e-5)


def test_the_same_observations_give_the_same_proposals_to_the_bit():
    first, second = walk(task()), walk(task())
    assert all((a[1].u == b[1].u).all() and (a[1].hold == b[1].hold).all() for a, b in zip(first, second, strict=True))


def test_modifiers_follow_by_their_filter_and_stay_within_their_bound():
    at = np.array([0.3, 0.6])
    first, state = step(task(), State(), seen(at, PLANT(at, NONE)))
    there = first.u
    slopes = {}
    for follow in (0.25, 1.0):
        _, after = step(task(follow=follow), state, seen(there, PLANT(there, NONE)))
        slopes[follow] = after.modifiers.slope
        assert after.best == 1 or (after.modifiers.at == state.modifiers.at).all()
    moved = slopes[1.0] - state.modifiers.slope
    assert np.abs(slopes[0.25] - slopes[1.0]).max() > 0.1 * np.abs(moved).max()
    # a plant beyond all belief: a slope a thousand times the model's
    _, after = step(task(), state, seen(there, PLANT(there, NONE) + 1e3))
    most = task().bound * 2.0 * task().doubt * np.array([1.5, 1.0])
    assert (np.abs(after.modifiers.slope) <= most[:, None] * 1.7).all()


def test_a_step_that_made_the_plant_much_worse_is_taken_back_and_the_next_is_shorter():
    run = walk(task(), steps=5)
    _, proposal, state = run[-1]
    worse = PLANT(proposal.u, NONE) + np.array([0.5, 0.0])
    back, after = step(task(), state, seen(proposal.u, worse))
    assert back.verdict is Verdict.TAKEN_BACK
    assert after.best == state.best
    assert after.radius == pytest.approx(max(0.5 * state.radius, task().step_min))


def test_at_the_optimum_it_rests():
    run = walk(task(model=PLANT), start=(0.7, 0.35), steps=14)
    assert not run[-1][1].moves
    assert (run[-1][1].u == run[-2][1].u).all()
    assert (run[-1][1].excitation == 0.0).all()


def test_excitation_is_no_larger_where_the_noise_is_smaller():
    at = np.array([0.3, 0.6])
    sizes = []
    for noise in (0.001, 0.004):
        proposal, _ = step(task(), State(), seen(at, PLANT(at, NONE), noise))
        sizes.append(np.linalg.norm(proposal.excitation))
    assert 0.0 < sizes[0] < sizes[1]


def test_old_observations_are_forgotten_but_never_the_best():
    of = task(keep=6)
    for _, _, state in walk(of, steps=12):
        assert len(state.seen) <= 6
        assert 0 <= state.best < len(state.seen)


def test_five_inputs_and_two_limits_work_as_well():
    best = np.array([0.6, 0.4, 0.55, 0.45, 0.5])

    def plant(u, _d):
        return np.array([4.0 * ((u - best) ** 2).sum(), u[0] - 0.9, -u[1] + 0.1])

    def model(u, _d):
        return np.array([4.0 * ((u - 0.5) ** 2).sum(), u[0] - 0.8, -u[1]])

    of = Task(model=model, lo=np.zeros(5), hi=np.ones(5), constraints=2, accuracy=0.02)
    state, u = State(), np.full(5, 0.5)
    random = np.random.default_rng(2)
    for _ in range(16):
        noisy = plant(u, NONE) + 0.002 * random.standard_normal(3)
        proposal, state = step(of, state, seen(u, noisy, 0.002))
        u = proposal.u
    assert plant(proposal.hold, NONE)[0] < 0.04 < plant(np.full(5, 0.5), NONE)[0]


def test_a_measured_disturbance_is_followed_at_once():
    def plant(u, d):
        return np.array([4.0 * (u[0] - 0.6 - 0.3 * d[0]) ** 2 + 0.5 * d[0]])

    def model(u, d):
        return np.array([4.0 * (u[0] - 0.4 - 0.3 * d[0]) ** 2])

    of = Task(
        model=model, lo=np.zeros(1), hi=np.ones(1), disturbance_span=np.full(1, 5.0), accuracy=0.005, step_max=0.3
    )
    state, u, random = State(), np.array([0.4]), np.random.default_rng(3)
    for k in range(12):
        d = np.array([0.0 if k < 8 else 0.5])
        outputs = plant(u, d) + 0.002 * random.standard_normal(1)
        proposal, state = step(of, state, Observation(u, d, outputs, np.array([0.002])))
        u = proposal.u
        if k == 8:
            assert abs(proposal.hold[0] - 0.75) < 0.12
    assert abs(proposal.hold[0] - 0.75) < 0.05


BROKEN = {
    "u must have": Observation(np.zeros(3), NONE, np.zeros(2), np.ones(2)),
    "d must have": Observation(np.zeros(2), np.zeros(1), np.zeros(2), np.ones(2)),
    "outputs must have": Observation(np.zeros(2), NONE, np.zeros(3), np.ones(2)),
    "noise must have": Observation(np.zeros(2), NONE, np.zeros(2), np.ones(1)),
    "u is not finite": Observation(np.array([np.nan, 0.0]), NONE, np.zeros(2), np.ones(2)),
    "outputs is not finite": Observation(np.zeros(2), NONE, np.array([np.inf, 0.0]), np.ones(2)),
    "noise must be above zero": Observation(np.zeros(2), NONE, np.zeros(2), np.array([1.0, 0.0])),
    "more than a span": Observation(np.array([5.0, 0.0]), NONE, np.zeros(2), np.ones(2)),
}


@pytest.mark.parametrize("text", BROKEN)
def test_an_observation_that_cannot_be_used_is_refused_by_name(text):
    with pytest.raises(AdaptError, match=text):
        step(task(), State(), BROKEN[text])


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"hi": np.zeros(2)}, "lo below hi"),
        ({"hi": np.ones(3)}, "equal length"),
        ({"lo": np.array([0.0, np.nan])}, "lo below hi"),
        ({"accuracy": 0.0}, "accuracy"),
        ({"accuracy": float("nan")}, "accuracy"),
        ({"step_min": 0.5}, "step_min"),
        ({"follow": 0.0}, "follow"),
        ({"follow": 1.5}, "follow"),
        ({"safety": -1.0}, "safety"),
        ({"caution": float("inf")}, "caution"),
        ({"constraints": -1}, "constraints"),
        ({"keep": 1}, "keep"),
        ({"disturbance_span": np.zeros(1)}, "disturbance_span"),
        ({"model": lambda _u, _d: np.array([1.0, 2.0])}, "depends on no input"),
        ({"model": lambda u, _d: u[:1]}, "must return 2 numbers"),
        ({"model": lambda u, _d: np.array([np.nan, u[0]])}, "must be finite"),
    ],
)
def test_a_task_that_cannot_be_worked_on_is_refused_by_name(more, text):
    of = task(**more)
    with pytest.raises(AdaptError, match=text):
        step(of, State(), Observation(np.full(2, 0.5), np.zeros(len(of.disturbance_span)), np.zeros(2), np.ones(2)))


numbers = st.floats(-1e6, 1e6)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(data=st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0), numbers, numbers), min_size=1, max_size=6))
def test_whatever_is_measured_the_proposal_is_finite_and_inside(data):
    of, state = task(), State()
    for a, b, cost, limit in data:
        proposal, state = step(of, state, seen(np.array([a, b]), np.array([cost, limit]), 0.01))
        for u in (proposal.u, proposal.hold):
            assert np.isfinite(u).all()
            assert ((u >= of.lo) & (u <= of.hi)).all()
            assert np.linalg.norm(u - state.seen[state.best].u) <= of.step_max + 1e-9
        assert of.step_min <= state.radius <= of.step_max
