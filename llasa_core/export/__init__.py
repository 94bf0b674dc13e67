"""A checkpoint for other programs: a merged Hugging Face folder, a repository on the hub, an ONNX file."""
