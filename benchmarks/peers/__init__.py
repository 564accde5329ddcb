"""Setwise's moves beside other tools that solve the same problems: same data, same run."""
