"""For every test: Hypothesis tries the same examples each time, so that a red run can be run again."""

import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")


# pytest-xdist asks these where tests run in several processes (tests/lanes.py).


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    from tests.lanes import processes

    return processes()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from tests.lanes import Lanes

    return Lanes(config, log)


def pytest_collection_modifyitems(config, items):
    if hasattr(config, "workerinput"):
        from tests.lanes import longest_first

        longest_first(items)
