"""The gradient engine: one loop, and what it is made of."""
