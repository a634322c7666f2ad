"""Working memory of a thread, used again and again."""

from __future__ import annotations

import math
import threading

import numpy as np
from numpy.typing import NDArray

# Larger working memory is not kept: it would be that of a long recording.
_KEPT_BYTES = 2**24
_KEPT = threading.local()


def scratch(name: str, *shape: int) -> NDArray[np.float32]:
    """Give this thread's working memory of a name, with whatever it holds.

    It is used again and again, from block to block and clip to clip: fresh arrays of this size
    would be new memory pages every time, which can cost more than all the arithmetic.
    """
    size = math.prod(shape)
    flat = vars(_KEPT).get(name)
    if flat is None or flat.size < size:
        flat = np.empty(size, np.float32)
        if flat.nbytes <= _KEPT_BYTES:
            setattr(_KEPT, name, flat)
    return flat[:size].reshape(shape)
