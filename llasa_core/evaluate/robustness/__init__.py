"""The same windows, changed as devices and people change them: how much accuracy is left."""
