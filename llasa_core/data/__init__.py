"""Raw recordings to a data folder, and back."""
