"""Haoqi: a scientist for language models."""
