from __future__ import annotations

from llasa_core.recipe import FinetuneConfig
from llasa_core.train.disk import LOG_BYTES_A_STEP, TOKENIZER_BYTES, disk_needed


def test_an_adapter_needs_its_states_and_its_checkpoint():
    need = disk_needed(FinetuneConfig(save_every=100, keep_states=2), 1000, 1000)

    assert need.states == 3 * 12 * 1000
    assert need.checkpoint == 4 * 1000 + TOKENIZER_BYTES
    assert need.logs == 1000 * LOG_BYTES_A_STEP
    assert need.total == sum((need.states, need.checkpoint, need.logs))


def test_a_whole_lm_is_stored_in_the_type_that_it_computes_in():
    need = disk_needed(FinetuneConfig(), 1000, 1000, lm_weight_bytes=2)

    assert need.checkpoint == 2 * 1000 + TOKENIZER_BYTES


def test_a_short_run_saves_no_more_states_than_it_reaches():
    assert disk_needed(FinetuneConfig(save_every=100), 1000, 10).states == 12 * 1000  # one, if it is stopped
    assert disk_needed(FinetuneConfig(save_every=100), 1000, 250).states == 2 * 12 * 1000
