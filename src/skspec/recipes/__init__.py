"""Ready Pipelines."""

from skspec.recipes._baselines import baselines
from skspec.recipes._chakhtouna import chakhtouna
from skspec.recipes._herron import herron
from skspec.recipes._herron_data import herron_data
from skspec.recipes._mo import mo
from skspec.recipes._recommended import recommended, recommended_finetune
from skspec.recipes._related_work import related_work
from skspec.recipes._threadgold import threadgold
from skspec.recipes._threadgold_data import threadgold_segments

__all__ = [
    "baselines",
    "chakhtouna",
    "herron",
    "herron_data",
    "mo",
    "recommended",
    "recommended_finetune",
    "related_work",
    "threadgold",
    "threadgold_segments",
]
