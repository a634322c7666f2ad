"""Ready search spaces, and what a search needs besides."""
