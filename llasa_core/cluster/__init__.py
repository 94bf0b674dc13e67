"""Commands as jobs of a cluster: written as a script, submitted, followed."""
