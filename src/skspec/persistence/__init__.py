"""Estimators in safe files."""

from skspec.persistence._card import ModelCard
from skspec.persistence._files import load, read_card, save
from skspec.persistence._onnx import export_onnx
from skspec.persistence._registry import register

__all__ = ["ModelCard", "export_onnx", "load", "read_card", "register", "save"]
