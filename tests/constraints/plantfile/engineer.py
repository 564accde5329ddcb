"""Functions as an engineer would write them, and as one should not."""


def steady(u, d):
    """Return power and gas of a kettle at a flow and a humidity."""
    return [36.0 * u[0] / 1000.0 + d[0] ** 2, 3.0 * u[0] + 0.5 * d[0]]


NOT_CALLABLE = 3
