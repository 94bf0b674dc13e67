"""Captions, questions and answers written by a language model, each checked against what was measured."""
