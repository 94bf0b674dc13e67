"""A Llama of our own, for inference alone: what `chat`, `eval` and a server compute with.

transformers takes seconds to import and launches a dozen small operations where a token needs three. This one has the
architecture and nothing else, equals transformers' numbers, and multiplies as the processor at hand is quickest.
Training, other architectures and 4-bit weights stay with transformers.
"""

from llasa_core.model.llama.cache import KvCache
from llasa_core.model.llama.lm import LlamaLm
from llasa_core.model.llama.load import can_load, llama_of, load_llama

__all__ = ["KvCache", "LlamaLm", "can_load", "llama_of", "load_llama"]
