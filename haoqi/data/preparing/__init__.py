"""Preparing: from rows to clean splits without duplicates, and the data card."""
