"""For every test: Hypothesis tries the same examples each time, so that a red run can be run again."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")
