"""The one gradient loop: batches, steps, schedule, checkpoints and early stopping."""
