"""Metrics, a file each: the file's name is the metric's name."""

from haoqi.core.registry import Registry
from haoqi.evaluate.metric import Metric

metrics: Registry[Metric] = Registry("metric", "haoqi.evaluate.metrics")
