"""A conversation about a recording."""
