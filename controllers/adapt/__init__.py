"""Modifier adaptation: the economics of a wrong model corrected toward the true optimum of the plant."""
