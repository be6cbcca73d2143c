"""Compiling: in which form a release computes fastest on this machine without changing its answers."""
