"""What a search has found: its history, lessons, artifacts of experiments and the knowledge curve."""
