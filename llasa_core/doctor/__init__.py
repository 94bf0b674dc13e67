"""What this machine can run, and what keeps it from running more."""
