"""Texts that are equal or nearly so: found, left out, or kept in one split."""
