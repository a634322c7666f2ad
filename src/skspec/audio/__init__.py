"""Sound files in, waveforms out."""

from skspec.audio._blocks import for_each_clip, iter_blocks, iter_clips, read_clip
from skspec.audio._files import check_sound_files
from skspec.audio._reading import read_audio

__all__ = [
    "check_sound_files",
    "for_each_clip",
    "iter_blocks",
    "iter_clips",
    "read_audio",
    "read_clip",
]
