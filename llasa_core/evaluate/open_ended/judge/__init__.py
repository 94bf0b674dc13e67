"""Language models that judge answers, through any OpenAI-compatible endpoint."""
