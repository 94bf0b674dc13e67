"""Answers composed from the timeline and the measured facts; no language model takes part."""
