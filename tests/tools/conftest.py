import pytest

from tests.tools.tiny import Tiny


@pytest.fixture
def tiny(tmp_path):
    return Tiny(tmp_path)
