"""The feature store: what frozen weights compute, computed once per base and text and kept for every plan."""
