from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llasa_core.errors import UsageError
from llasa_core.recipe_file import load_recipe
from llasa_core.train.fitting import USABLE, Room, choose, choose_among, find_room, layouts
from llasa_core.train.memory import MemoryNeed, Ranks
from llasa_core.train.placement import Placement

if TYPE_CHECKING:
    from llasa_core.recipe import Recipe
    from llasa_core.train.fitting import Choice

TINY_RECIPE = Path(__file__).parents[2] / "recipes" / "tiny.yaml"
GB = 10**9
ONE_CPU, FOUR_GPUS = Ranks(1, has_cuda=False), Ranks(4, has_cuda=True)


def recipe_with(*settings: str) -> Recipe:
    return load_recipe(TINY_RECIPE, settings).resolved


def sizes(placement: Placement) -> MemoryNeed:
    """Return needs that can be checked by hand: 40 GB of weights, 32 of optimizer, 20 of activations."""
    share = {0: (40, 32), 1: (40, 16), 2: (40, 8), 3: (10, 8)}
    weights, optimizer = share[placement.zero_stage]
    activations = 2 if placement.activation_checkpointing else 20
    on_host = {"none": 0, "optimizer": optimizer, "all": weights + optimizer}[placement.offload]
    return MemoryNeed({"all": (weights + optimizer + activations - on_host) * GB}, 0, on_host * GB)


def chosen(gigabytes: float, *settings: str, host: float = 1000) -> Choice:
    """Choose for four GPUs with so much memory."""
    config = recipe_with(*settings).finetune
    room = Room(int(gigabytes * GB), int(host * GB))
    is_set = "auto" not in (config.zero_stage, config.offload, config.activation_checkpointing)
    return choose_among(layouts(config, FOUR_GPUS), sizes, room, "finetune", FOUR_GPUS, is_set=is_set)


@pytest.mark.parametrize(
    ("gigabytes", "placement"),
    [
        (101, Placement(0)),
        (90, Placement(1)),
        (75, Placement(2)),
        (65, Placement(1, "none", activation_checkpointing=True)),
        (55, Placement(2, "none", activation_checkpointing=True)),
        (42, Placement(3)),
        (25, Placement(3, "none", activation_checkpointing=True)),
        (14, Placement(3, "optimizer", activation_checkpointing=True)),
        (3, Placement(3, "all", activation_checkpointing=True)),
    ],
)
def test_the_quickest_layout_that_fits_is_taken(gigabytes: float, placement: Placement):
    assert chosen(gigabytes).placement == placement


def test_why_is_said_with_what_the_plain_layout_would_need():
    assert chosen(90).why == (
        "ZeRO 1: 76.00 GB a device, 82.80 GB of 90.00 GB free; nothing shared would need 92.00 GB"
    )
    assert chosen(200).why == "nothing shared: 92.00 GB a device, 184.00 GB of 200.00 GB free"


def test_what_the_recipe_says_is_kept():
    assert chosen(200, "finetune.zero_stage=2").placement == Placement(2)
    assert chosen(200, "finetune.activation_checkpointing=true").placement.activation_checkpointing
    assert chosen(200, "finetune.offload=optimizer").placement == Placement(1, "optimizer")


def test_what_is_offloaded_has_to_fit_the_host():
    with pytest.raises(UsageError, match="does not fit"):
        chosen(14, host=1)


def test_whoever_sets_everything_is_warned_and_goes_on():
    settings = ("finetune.zero_stage=0", "finetune.offload=none", "finetune.activation_checkpointing=false")

    choice = chosen(50, *settings)

    assert choice.placement == Placement(0)
    assert choice.why == "nothing shared: set by the recipe"
    assert choice.warning == (
        "nothing shared is set, 92.00 GB a device predicted, 46.00 GB of 50.00 GB free: it may not fit"
    )
    assert chosen(200, *settings).warning is None


def test_where_nothing_fits_the_parts_and_the_ways_out_are_said():
    with pytest.raises(UsageError) as error:
        chosen(2, "finetune.offload=none")

    assert str(error.value) == (
        "the finetune stage does not fit: ZeRO 3, activation checkpointing would need 20.00 GB a device\n"
        "  all                                   20.00 GB\n"
        "  there is  1.84 GB of 2.00 GB free\n"
        "  fix:   a smaller `finetune.micro_batch_tokens`, `model.quantization: nf4`, `finetune.lm: adapter`, "
        "a smaller LM, or more GPUs (`--gpus`); "
        "whoever sets `zero_stage`, `offload` and `activation_checkpointing` is only warned"
    )


def test_one_cpu_process_shares_and_offloads_nothing():
    assert layouts(recipe_with().finetune, ONE_CPU) == [Placement(), Placement(activation_checkpointing=True)]


def test_weights_in_4_bits_are_not_shared_out():
    found = layouts(recipe_with().finetune, FOUR_GPUS, is_nf4=True)

    assert {one.zero_stage for one in found} == {0, 1, 2}
    assert found == [one for one in layouts(recipe_with().finetune, FOUR_GPUS) if one.zero_stage != 3]


def test_what_is_offloaded_on_a_cpu_stays_in_its_memory():
    need = MemoryNeed({"all": 10 * GB}, 0, 8 * GB)

    assert Room(20 * GB, None).holds(need)
    assert not Room(19 * GB, None).holds(need)


def test_one_gpu_has_nobody_to_share_with():
    found = layouts(recipe_with().finetune, Ranks(1, has_cuda=True))

    assert found[:2] == [Placement(), Placement(activation_checkpointing=True)]
    assert all(one.offload != "none" for one in found[2:])


@pytest.mark.parametrize(
    ("settings", "ranks", "message"),
    [
        (
            ["finetune.zero_stage=2", "finetune.offload=all"],
            FOUR_GPUS,
            (
                "`finetune.zero_stage: 2` and `finetune.offload: all` cannot be had\n"
                "  fix:   set both to `auto`; ZeRO 1 to 3 offload the optimizer, ZeRO 3 alone offloads all"
            ),
        ),
        (
            ["finetune.zero_stage=3"],
            ONE_CPU,
            (
                "`finetune.zero_stage: 3` and `finetune.offload: auto` cannot be had: "
                "one CPU process has nobody to share with\n"
                "  fix:   set both to `auto`; ZeRO 1 to 3 offload the optimizer, ZeRO 3 alone offloads all"
            ),
        ),
    ],
)
def test_settings_that_exclude_each_other_are_refused(settings: list[str], ranks: Ranks, message: str):
    with pytest.raises(UsageError) as error:
        choose(recipe_with(*settings), "finetune", ranks)

    assert str(error.value) == message
    assert error.value.exit_code == 2


def test_an_lm_that_is_not_here_leaves_the_need_uncertain():
    choice = choose(recipe_with("model.base_lm=a/b"), "finetune", ONE_CPU)

    assert choice.need is None
    assert choice.why == "one CPU process; memory uncertain: the sizes of a/b are not known before it is fetched"


def test_a_real_model_is_rehearsed_and_checkpoints_where_memory_is_short():
    recipe = recipe_with("finetune.micro_batch_tokens=65536")
    plenty = choose(recipe, "finetune", ONE_CPU, room=Room(10 * GB, None))
    assert plenty.need is not None
    between = Room(int(0.99 * plenty.need.total / USABLE), None)

    short = choose(recipe, "finetune", ONE_CPU, room=between)

    assert plenty.placement == Placement()
    assert short.placement == Placement(activation_checkpointing=True)
    assert plenty.need.reasons == ("its samples were not looked at, so the largest pack was assumed",)


def test_processes_on_a_cpu_share_the_hosts_memory():
    one, four = find_room(ONE_CPU), find_room(Ranks(4, has_cuda=False))

    assert one is not None
    assert four is not None
    assert four.device < one.device / 2
