"""The run's report: one self-contained page that a person can read, in two languages."""

from haoqi.report.page import render, write
from haoqi.report.story import Champion, Comparison, Lesson, Row, Step, Story, Verdict

__all__ = ["Champion", "Comparison", "Lesson", "Row", "Step", "Story", "Verdict", "render", "write"]
