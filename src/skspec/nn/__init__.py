"""Torch only: backbones, heads, the training loop."""

from skspec.nn import _cnn14, _timm, _tiny, _torchvision  # noqa: F401  (they fill the registry)
from skspec.nn._cache import FrozenCache
from skspec.nn._listing import backbones
from skspec.nn._registry import register_backbone

__all__ = ["FrozenCache", "backbones", "register_backbone"]
