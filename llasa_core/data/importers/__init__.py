"""Questions and answers that others wrote: read in whatever JSON they come, repaired, and stored with their windows."""
