"""What every test needs before the first import of scipy and torch."""

import os

# scikit-learn's array API checks are skipped without it, and scipy reads it on import.
os.environ["SCIPY_ARRAY_API"] = "1"

import torch

# Results are bitwise the same only for equal numbers of threads, and process workers have one.
torch.set_num_threads(1)
