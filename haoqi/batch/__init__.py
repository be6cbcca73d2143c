"""Batch: answering files of any size, a window of rows at a time, written as they come and resumed after a stop."""
