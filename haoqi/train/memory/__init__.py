"""Memory: how much a step takes, parts that are small enough, and states that are computed twice."""
