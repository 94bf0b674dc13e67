"""Many trials of one recipe: trained, measured on validation people, ranked."""
