"""Estimators in safe files."""
