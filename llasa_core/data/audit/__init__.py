"""Whether questions and answers can be trained on: each check finds one kind of fault and says what to do."""
