"""What training has left on the disk: runs, leftovers of killed processes, caches; listed, compared, removed."""
