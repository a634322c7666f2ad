"""Torch only: backbones, heads, the training loop."""

from skspec.nn import _timm, _tiny, _torchvision  # noqa: F401  (they fill the registry)
from skspec.nn._registry import register_backbone

__all__ = ["register_backbone"]
