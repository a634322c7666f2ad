"""Long recordings, window by window."""
