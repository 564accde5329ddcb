from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers.memory import Memory, MemoryFormatError

floats = st.lists(st.floats(allow_nan=False), max_size=5).map(tuple)


@settings(max_examples=50, deadline=None)
@given(at=floats, bias=floats, x=floats)
def test_the_same_bits_come_back(at, bias, x):
    memory = Memory(at_s=at, bias=bias, moves_x=x)
    again = Memory.from_bytes(memory.to_bytes())
    assert again == memory
    assert again.to_bytes() == memory.to_bytes()
    assert pickle.loads(pickle.dumps(memory)).to_bytes() == memory.to_bytes()  # noqa: S301 - our own


def test_the_sign_of_zero_is_kept():
    assert str(Memory.from_bytes(Memory(bias=(-0.0,)).to_bytes()).bias) == "(-0.0,)"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"SWM0" + bytes(60),
        b"SWM2" + Memory().to_bytes()[4:],
        Memory(bias=(1.0,)).to_bytes()[:-1],
        Memory().to_bytes() + b"x",
    ],
)
def test_other_bytes_are_refused(data):
    with pytest.raises(MemoryFormatError):
        Memory.from_bytes(data)


def test_the_control_process_need_not_load_numbers_or_solvers():
    code = (
        "import sys; import controllers.memory, controllers.types;"
        "bad = {'numpy', 'scipy', 'cvxpy', 'osqp', 'daqp'} & set(sys.modules); sys.exit(str(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
