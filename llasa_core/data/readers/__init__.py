"""One file for each format: raw files to `Recording`s."""
