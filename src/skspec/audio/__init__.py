"""Sound files in, waveforms out."""

import lazy_loader as _lazy

# What only reads does not load pandas, which the tables need.
__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
