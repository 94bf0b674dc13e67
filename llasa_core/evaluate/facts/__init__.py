"""Facts: generated answers, each number and claim of them held against the signal."""
