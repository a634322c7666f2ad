"""What every test needs before the first import of scipy and torch."""

import os

# scikit-learn's array API checks are skipped without it, and scipy reads it on import.
os.environ["SCIPY_ARRAY_API"] = "1"

import torch
from hypothesis import HealthCheck, settings

# Results are bitwise the same only for equal numbers of threads, and process workers have one.
torch.set_num_threads(1)

# No test depends on how fast the machine is, or on luck: the same examples in every run. To look
# for new ones: pytest --hypothesis-profile=search
untimed = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("search", **untimed)
settings.register_profile("fixed", derandomize=True, **untimed)
settings.load_profile("fixed")
