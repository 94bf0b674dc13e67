"""Stages, the loop, and the runs they leave behind."""
