"""Ranks: processes of one module on one host or several, started, followed to their end, and never left behind."""
