"""Open questions: answers in free words, scored by rules and by judges, and compared in pairs."""
