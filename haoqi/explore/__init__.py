"""The loop of curiosity: plans, beliefs, strategies, verification, and the knowledge that came of them."""
