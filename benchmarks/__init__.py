"""Figures with their floors, side by side in one run: ``make bench``."""
