"""Ready Pipelines."""

from skspec.recipes._baselines import baselines

__all__ = ["baselines"]
