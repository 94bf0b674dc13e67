"""Questions and answers that are true of their windows, and say so in a form that a program can check."""
