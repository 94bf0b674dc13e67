"""Open questions in the terminal and on the page."""
