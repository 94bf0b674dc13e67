from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from llasa_core.model.adapter import add_adapter
from llasa_core.model.config import AdapterConfig

if TYPE_CHECKING:
    from llasa_core.model.multimodal import LlasaModel


def test_an_adapted_layer_computes_what_pefts_own_does(model: LlasaModel):
    add_adapter(model.lm, AdapterConfig(rank=4, alpha=12.0))
    layer = model.lm.get_decoder().layers[0].mlp.up_proj
    torch.nn.init.normal_(layer.lora_B["default"].weight)
    x = torch.randn(3, 5, 64)

    ours, pefts = layer(x), type(layer).forward(layer, x)

    torch.testing.assert_close(ours, pefts, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(ours, layer.base_layer(x), atol=0.1)
