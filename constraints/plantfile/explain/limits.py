"""Pages of limits."""

from __future__ import annotations

from typing import Final

from constraints.plantfile.explain.page import Page

PAGES: Final = (
    Page(
        code="E040",
        means="Limits do not nest. Safety limits contain engineering limits, and these the operator's.",
        matters="The gate judges every write by the safety limits. An operator's limit beyond them would promise a room "
        "that the gate refuses.",
        wrong="""
cvs:
  T_out:
    limits: {engineering: [70, 98], operator: [78, 99]}
""",
        right="""
cvs:
  T_out:
    limits: {engineering: [70, 98], operator: [78, 92]}
""",
        do="Draw the inner limits in. Widening the outer ones is a change of its own, with those who must sign it.",
    ),
    Page(
        code="E041",
        means="A low limit is not below its high limit.",
        matters="Between such limits there is no value, and which of the two was meant is not known.",
        wrong="""
cvs:
  T_out:
    limits: {engineering: [70, 98], operator: [92, 78]}
""",
        right="""
cvs:
  T_out:
    limits: {engineering: [70, 98], operator: [78, 92]}
""",
        do="Write [low, high]. null stands for a side of a CV without a limit.",
    ),
    Page(
        code="E042",
        means="A target, an ideal, a safe value or a scheduled limit lies outside the limits that hold for it.",
        matters="The controller would pull for ever toward a place where it may not go; a PLC would shed to a value that "
        "the gate refuses.",
        wrong="""
cvs:
  T_out:
    target: 95
""",
        right="""
cvs:
  T_out:
    target: 90
""",
        do="Move the value inside, or change the limits on purpose.",
    ),
    Page(
        code="E043",
        means="An MV has no safety limits.",
        matters="They are what the gate judges each setpoint by before it is sent. Without them nothing stands between a "
        "mistake of the controller and the plant.",
        wrong="""
mvs:
  T_in_sp:
    limits: {operator: [170, 195]}
""",
        right="""
mvs:
  T_in_sp:
    limits: {safety: [150, 205], operator: [170, 195]}
""",
        do="Add safety: [low, high], agreed with those who know the equipment.",
    ),
    Page(
        code="E044",
        means="A back-off or a schedule leaves nothing between the low and the high limit.",
        matters="The controller would be held against both limits at once.",
        wrong="""
cvs:
  T_out:
    back_off: {hi: 8, lo: 8}
""",
        right="""
cvs:
  T_out:
    back_off: {hi: 1, lo: 1}
""",
        do="Make the back-off smaller, or the limits wider.",
    ),
    Page(
        code="E045",
        means="A table of scheduled limits has too few points, points out of order, or does not reach over the whole "
        "range of the tag that it follows.",
        matters="Outside the table nobody knows how far the setpoint may go, so it would stand still.",
        wrong="""
mvs:
  T_in_sp:
    limits: {safety: [150, 205], operator: [170, 195], scheduled: {by: power, points: [[0, 150, 200]]}}
""",
        right="""
mvs:
  T_in_sp:
    limits: {safety: [150, 205], operator: [170, 195], scheduled: {by: power, points: [[0, 150, 200], [900, 150, 205]]}}
""",
        do="Write [value of the tag, low, high], ascending, from the low to the high end of the tag's range.",
    ),
)
