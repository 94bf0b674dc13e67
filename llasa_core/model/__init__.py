"""Encoder, projector, LM, prompt, checkpoint."""
