"""Which experiment is next: candidate plans, strategies, and the share of exploration and reflection."""
