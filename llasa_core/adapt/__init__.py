"""A user's own activities, learned from a handful of windows."""
