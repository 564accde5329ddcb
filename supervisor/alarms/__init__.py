"""Alarms by ISA-18.2: which causes stand, in what state each alarm is, and what is done about it."""

from __future__ import annotations

from supervisor.alarms.standing import OF_OTHERS, PRIORITIES, Standing, changes, standing

__all__ = ["OF_OTHERS", "PRIORITIES", "Standing", "changes", "standing"]
