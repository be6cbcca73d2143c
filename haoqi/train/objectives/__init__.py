"""Objectives: losses, and what a training can do against learning its examples by heart."""
