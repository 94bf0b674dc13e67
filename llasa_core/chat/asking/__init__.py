"""What a question is about and asks for, read by rules: no model decides which number is told."""
