"""Releases: published models with their evidence, their promotion and their model card."""
