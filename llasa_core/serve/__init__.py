"""The model behind an OpenAI-compatible endpoint and a web page."""
