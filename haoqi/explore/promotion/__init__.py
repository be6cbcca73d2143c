"""Whether a challenger replaces the champion: the paired test, retests and the bias of having chosen."""
