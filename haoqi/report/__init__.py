"""The run's report: one self-contained page that a person can read, in two languages."""

from haoqi.report.page import render, write
from haoqi.report.story import PairedTest, RaisedLesson, Story

__all__ = ["PairedTest", "RaisedLesson", "Story", "render", "write"]
