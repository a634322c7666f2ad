"""Displays, tables, and callbacks that show a training as it runs."""

import lazy_loader as _lazy

# What only draws does not load torch, which the callbacks need.
__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
