"""Metrics, baselines, reports."""
