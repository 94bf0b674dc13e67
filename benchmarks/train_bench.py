"""What `train.py` measures with: a stage whose model and layout can be changed, timed steps, and what this machine is."""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from train_shapes import LM_SHAPES, write_lm_folder

from llasa_core.machine import cpu_name, usable_cores
from llasa_core.model.adapter import add_adapter
from llasa_core.model.base_lm import load_lm, locate
from llasa_core.model.collate import expand
from llasa_core.model.limu_bert import LimuBert
from llasa_core.model.multimodal import LlasaModel
from llasa_core.model.packing import Pack
from llasa_core.model.prompt import make_template
from llasa_core.model.text import TextCodec
from llasa_core.train.engine import OptimizerConfig, ParameterGroup, TorchEngine
from llasa_core.train.language_stage import LanguageStage
from llasa_core.train.loop import train
from llasa_core.train.placement import Placement
from llasa_core.train.run import Run
from llasa_core.train.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from padded_trainer import Sample

    from llasa_core.recipe import Recipe

ROOT = Path(__file__).parents[1]
