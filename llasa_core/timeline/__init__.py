"""What a person did when, over minutes or hours."""
