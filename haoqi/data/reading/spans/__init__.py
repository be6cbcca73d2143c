"""Labelled stretches of texts, as they stand in the cells of tables and fields of records."""
