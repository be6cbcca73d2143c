"""What would pay most next, each step with its gain and its cost."""
