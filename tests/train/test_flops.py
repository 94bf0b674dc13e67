from __future__ import annotations

import pytest

from llasa_core.model.parameter_counts import UnknownSizes, lm_sizes
from llasa_core.train.flops import flops_per_token

SIZES = {
    "model_type": "llama",
    "hidden_size": 8,
    "intermediate_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "vocab_size": 100,
}
BLOCKS = 2 * (8 * 8 + 2 * 8 * 4 + 8 * 8 + 3 * 8 * 16)  # q, k and v, o, gate and up and down
HEAD = 8 * 100


def test_frozen_weights_take_four_operations_and_trained_ones_six():
    assert flops_per_token(SIZES, is_lm_trained=False) == 4 * (BLOCKS + HEAD)
    assert flops_per_token(SIZES, is_lm_trained=True) == 6 * (BLOCKS + HEAD)


def test_the_head_counts_where_it_is_computed():
    assert flops_per_token(SIZES, is_lm_trained=False, answer_share=0.25) == 4 * (BLOCKS + HEAD / 4)


def test_a_7b_takes_four_times_its_parameters_but_the_input_embedding():
    per_token = flops_per_token(lm_sizes("lmsys/vicuna-7b-v1.5"), is_lm_trained=False)

    assert per_token / 4 == pytest.approx(6.74e9 - 32000 * 4096, rel=1e-3)


def test_another_architecture_is_not_counted():
    with pytest.raises(UnknownSizes):
        flops_per_token({**SIZES, "model_type": "mamba"}, is_lm_trained=False)
