from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from llasa_core.errors import ModelError
from llasa_core.model.config import EncoderConfig
from llasa_core.model.limu_bert import LimuBert

if TYPE_CHECKING:
    from pathlib import Path

UNUSED_FC = 72 * 72 + 72


def test_has_the_published_number_of_parameters():
    parameters = sum(p.numel() for p in LimuBert(EncoderConfig()).parameters())

    assert parameters + UNUSED_FC == 62_646


def test_acceleration_is_divided_by_9_8_and_angular_rate_is_not():
    window = torch.full((1, 2, 6), 9.8)

    assert LimuBert(EncoderConfig()).scale(window)[0, 0].tolist() == pytest.approx([1, 1, 1, 9.8, 9.8, 9.8])


def test_every_layer_is_the_same_block():
    once, twice = LimuBert(EncoderConfig(n_layers=1)), LimuBert(EncoderConfig(n_layers=2))
    twice.load_state_dict(once.state_dict())
    h = torch.randn(1, 120, 72)
    block = once.transformer

    def run(h: torch.Tensor) -> torch.Tensor:
        h = block.attn(h)
        h = block.norm1(h + block.proj(h))
        return block.norm2(h + block.pwff(h))

    window = torch.randn(1, 120, 6)
    embedded = block.embed(once.scale(window))

    torch.testing.assert_close(twice.embed(window), run(run(embedded)))
    assert not torch.allclose(run(h), h)


def test_windows_longer_than_the_positions_are_refused():
    with pytest.raises(ModelError) as caught:
        LimuBert(EncoderConfig()).embed(torch.zeros(1, 121, 6))

    assert str(caught.value) == (
        "a window of 121 samples is longer than the encoder's 120\n"
        "  fix:   prepare the data with shorter windows, or pre-train an encoder with a larger `encoder.max_len`"
    )


def test_a_file_of_ours_and_a_published_one_load_alike(tmp_path: Path):
    encoder = LimuBert(EncoderConfig(hidden=36, hidden_ff=48, max_len=60)).eval()
    published = {**encoder.state_dict(), "fc.weight": torch.zeros(36, 36), "fc.bias": torch.zeros(36)}
    torch.save(published, tmp_path / "limu.pt")
    window = torch.randn(2, 60, 6)

    loaded = LimuBert.from_published(tmp_path / "limu.pt")

    torch.testing.assert_close(loaded.embed(window), encoder.embed(window))


def test_other_tensors_are_refused_by_name(tmp_path: Path):
    tensors = LimuBert(EncoderConfig()).state_dict()
    del tensors["decoder.bias"]
    torch.save({**tensors, "head.weight": torch.zeros(1)}, tmp_path / "other.pt")

    with pytest.raises(ModelError) as caught:
        LimuBert.from_published(tmp_path / "other.pt")

    assert str(caught.value) == (
        "these are not LIMU-BERT's weights: `decoder.bias` is missing; `head.weight` is not expected\n"
        f"  where: {tmp_path / 'other.pt'}\n"
        "  fix:   name a published LIMU-BERT file"
    )


def test_a_file_that_holds_code_is_refused(tmp_path: Path):
    torch.save({"weights": print}, tmp_path / "evil.pt")

    with pytest.raises(ModelError, match="cannot be read as a weights file"):
        LimuBert.from_published(tmp_path / "evil.pt")


@pytest.mark.shared
@pytest.mark.parametrize("name", ["uci", "motion"])
def test_published_weights_give_the_published_numbers(shared: Path, name: str):
    golden = np.load(shared / "golden" / "limubert" / f"limubert_{name}.npz")
    encoder = LimuBert.from_published(shared / "golden" / "limubert" / "weights" / f"{name}.pt")

    with torch.no_grad():
        embed = encoder.embed(torch.from_numpy(golden["x_raw"])).numpy()
        reconstructed = encoder.reconstruct(torch.from_numpy(golden["x"])).numpy()

    # two float32 implementations differ by 2e-6 to 4e-6 on values up to 5
    np.testing.assert_allclose(embed, golden["embed"], atol=1e-5)
    np.testing.assert_allclose(reconstructed, golden["recon"], atol=1e-5)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["uci", "motion"])
def test_the_masked_loss_has_the_published_gradients(shared: Path, name: str):
    golden = np.load(shared / "golden" / "limubert" / f"limubert_{name}.npz")
    encoder = LimuBert.from_published(shared / "golden" / "limubert" / "weights" / f"{name}.pt")
    positions = torch.from_numpy(golden["masked_pos"])[..., None].expand(-1, -1, 6)

    predicted = encoder.reconstruct(torch.from_numpy(golden["x_masked"])).gather(1, positions)
    loss = (predicted - torch.from_numpy(golden["masked_target"])).square().mean()
    loss.backward()

    assert loss.item() == pytest.approx(float(golden["masked_loss"]), abs=1e-5)
    for parameter_name, parameter in encoder.named_parameters():
        expected = golden[f"grad/{parameter_name}"]
        largest = max(np.abs(expected).max(), 1e-3)  # a key's bias has no gradient but rounding of about 1e-8
        np.testing.assert_allclose(parameter.grad.numpy(), expected, atol=1e-4 * largest, err_msg=parameter_name)
