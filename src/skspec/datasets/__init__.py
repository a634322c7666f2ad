"""Labelled sound: loaders of published data sets, of your own, clips of the package, voices."""

from skspec.datasets._bvc import load_bvc
from skspec.datasets._common_voice import load_common_voice
from skspec.datasets._cremad import load_cremad
from skspec.datasets._demos import load_demos
from skspec.datasets._folder import load_folder
from skspec.datasets._mix import mix
from skspec.datasets._percussion import load_percussion
from skspec.datasets._ravdess import fetch_ravdess, load_ravdess
from skspec.datasets._savee import load_savee
from skspec.datasets._tess import load_tess
from skspec.datasets._train_only import TrainOnly
from skspec.datasets._voices import make_voices

__all__ = [
    "TrainOnly",
    "fetch_ravdess",
    "load_bvc",
    "load_common_voice",
    "load_cremad",
    "load_demos",
    "load_folder",
    "load_percussion",
    "load_ravdess",
    "load_savee",
    "load_tess",
    "make_voices",
    "mix",
]
