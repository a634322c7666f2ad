"""Ready search spaces, and Optuna studies that keep groups together."""

from skspec.search._optimize import optimize, tuned
from skspec.search._pruning import EpochPruning
from skspec.search._spaces import front_end_space, head_space, schedule_space, to_grid

__all__ = [
    "EpochPruning",
    "front_end_space",
    "head_space",
    "optimize",
    "schedule_space",
    "to_grid",
    "tuned",
]
