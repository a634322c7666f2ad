"""`export_onnx`: a fitted Pipeline as an ONNX file, from waveforms to probabilities."""

from __future__ import annotations

import json
import warnings
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted
from torch import nn

from skspec._optional import import_optional
from skspec._storage import write_whole
from skspec.exceptions import ExportError, ParameterError

# The first with antialiasing, and the last that torch writes.
OPSETS = range(18, 24)


def export_onnx(pipeline: Pipeline, path: str | PathLike[str], *, opset: int = 18) -> None:
    """Write a fitted Pipeline into an ONNX file that gives probabilities for waveforms.

    Front end and network are one graph: a telephone, a browser or a server needs neither this
    package nor Python to classify a clip, only an ONNX runtime. Needs ``pip install
    'skspec[onnx]'``.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted: a transformer from waveforms to images, any number of steps from images to images,
        and a classifier.
    path : path
        The file, by custom with the suffix ``.onnx``; whole or not there.
    opset : int from 18 to 23, default=18
        Version of ONNX's operations; older ones are known to more runtimes.

    Raises
    ------
    ExportError
        A step has no form in ONNX; the message names it and says why.
    ParameterError
        For what is no Pipeline, or another opset.
    NotFittedError
        The Pipeline is not fitted.
    MissingDependencyError
        The packages of the extra are not installed.
    OSError
        The file cannot be written.

    Notes
    -----
    The input ``waveforms`` is float32 of shape (n_clips, n_timepoints), any number of clips, all
    of the length that the first step learned in `fit`, full scale 1: decoding, resampling, padding
    and cropping are left to the caller. The output ``probabilities`` is float32 of shape
    (n_clips, n_classes). The file's metadata say ``classes`` (a JSON list, in the order of the
    columns), ``sr`` in Hz and ``n_timepoints``. Nothing is checked there: NaN goes through.

    The first step can be any transformer from waveforms to images: `ChromaImage` with a fixed
    tuning, `SpectralContrastImage` with ``linear=True``. Then there can be `ImageScaler`,
    `ColormapImage`, `ZCAWhitener` with ``scope="dataset"``, and `Augmenter`, which does nothing
    in prediction. The last is `PretrainedCNNClassifier`, `SmallCNNClassifier` or
    `LSTMClassifier`.

    All of it is float32, but for `ZCAWhitener` and ``ImageScaler(per="image")``. Images are within
    1e-4 of their maximum, and probabilities within about 1e-4, of those of the Pipeline in float32
    on a CPU.

    Examples
    --------
    >>> import onnxruntime
    >>> from sklearn.pipeline import make_pipeline
    >>> from skspec import MelSpectrogramImage, PretrainedCNNClassifier, make_voices
    >>> from skspec.persistence import export_onnx
    >>> X, y, groups = make_voices(12, n_speakers=4, random_state=0)
    >>> cnn = PretrainedCNNClassifier("tiny", weights=None, stages="full", random_state=0)
    >>> pipe = make_pipeline(MelSpectrogramImage(sr=16_000), cnn).fit(X, y)
    >>> export_onnx(pipe, "voices.onnx")
    >>> session = onnxruntime.InferenceSession("voices.onnx")
    >>> (probabilities,) = session.run(None, {"waveforms": X.astype("float32")})
    >>> bool(abs(probabilities - pipe.predict_proba(X)).max() < 1e-4)
    True
    """
    for module in ("onnx", "onnxscript"):
        import_optional(module, extra="onnx")
    if not isinstance(opset, Integral) or opset not in OPSETS:
        raise ParameterError(
            f"Got opset={opset!r}, but expected an integer from {OPSETS[0]} to {OPSETS[-1]}."
        )
    steps = _steps(pipeline)
    # Only here: it needs all images and models, and `save` and `load` do without them.
    from skspec.persistence._onnx_steps import Chain

    chain = Chain(steps)
    try:
        model = _traced(chain, chain.facts["n_timepoints"], int(opset))
    except torch.onnx.OnnxExporterError as error:
        name, classifier = steps[-1]
        raise ExportError(
            f"Step {name!r}, {type(classifier).__name__}: torch finds no ONNX form of its "
            f"network: {str(error).splitlines()[0]}"
        ) from error
    _describe(model, chain.facts)
    write_whole(Path(path), model.SerializeToString(deterministic=True))


def _steps(pipeline: Pipeline) -> list[tuple[str, Any]]:
    """Give the named steps that do something."""
    if not isinstance(pipeline, Pipeline):
        raise ParameterError(
            f"Got pipeline={pipeline!r}, but expected a fitted Pipeline from waveforms to labels."
        )
    check_is_fitted(pipeline)
    steps = [
        (name, step)
        for name, step in pipeline.steps
        if step is not None and not isinstance(step, str)
    ]
    if len(steps) < 2:
        raise ExportError(
            f"The Pipeline has the steps {[name for name, _ in steps]}, but expected one from "
            "waveforms to images, and a classifier."
        )
    return steps


def _traced(chain: nn.Module, n_timepoints: int, opset: int) -> Any:
    """Give the ONNX model of a module from waveforms to probabilities."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter uses what other parts of torch give up
        program = torch.onnx.export(
            chain,
            (torch.zeros(2, n_timepoints),),
            dynamo=True,
            opset_version=opset,
            input_names=["waveforms"],
            output_names=["probabilities"],
            dynamic_shapes=({0: torch.export.Dim("n_clips")},),
            verbose=False,
        )
    assert program is not None
    return program.model_proto


def _describe(model: Any, facts: dict[str, Any]) -> None:
    """Check a model, and leave what its user needs to know in place of where it was made."""
    onnx = import_optional("onnx", extra="onnx")
    for node in model.graph.node:
        node.ClearField("metadata_props")  # lines of source files on this machine
    onnx.helper.set_model_props(model, {key: json.dumps(fact) for key, fact in facts.items()})
    onnx.checker.check_model(model)
