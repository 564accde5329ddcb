"""Simulated plants: pure equations first, then the line an operator would see."""
