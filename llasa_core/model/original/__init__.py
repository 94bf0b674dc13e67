"""Checkpoints of the original LLaSA, and of the LLaVA code it grew from, as models of ours.

Three kinds of folder, told apart by their files:

full      config.json with the LM's sizes, the LM's weights, the projector, and the encoder unless it was sharded away
stage-1   config.json, mm_projector.bin; needs the base LM
LoRA      config.json, adapter_config.json, adapter_model.*, non_lora_trainables.bin; needs the base LM

Weights are safetensors or `.bin` files, whole or in shards. Everything is derived from `config.json` and the tensors'
shapes, and loading is strict.
"""

from llasa_core.model.original.folder import is_original
from llasa_core.model.original.load import config_of_original, load_original

__all__ = ["config_of_original", "is_original", "load_original"]
