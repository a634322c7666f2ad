"""Long recordings, window by window."""

from skspec.recordings._predict_recording import predict_recording
from skspec.recordings._segments import merge_windows, smooth_windows
from skspec.recordings._writing import write_windows

__all__ = ["merge_windows", "predict_recording", "smooth_windows", "write_windows"]
