"""Parameters of heads, stages and losses, reachable by name from any search."""

from __future__ import annotations

import contextlib
from typing import Any

from sklearn.base import BaseEstimator, clone

from skspec.exceptions import ParameterError
from skspec.models._head import Head
from skspec.models._losses import LossParameters, named_loss
from skspec.models._stage import STAGE_WORDS, Stage, named_stages


class NestedParamsMixin:
    """`get_params` and `set_params` that reach into `head`, `stages` and `loss`.

    ``head=None`` and words for `stages` and `loss` are expanded, so that ``head__dropout``,
    ``finetune__lr`` and ``loss__label_smoothing`` are always there. Setting one gives this
    instance a copy of its own: no other instance that shares the object sees the change. A class
    whose constructor has no `head` or no `loss` has no such names.
    """

    head: Head | None
    stages: Any
    loss: str | LossParameters

    def _named_stages(self) -> list[tuple[str, Stage]]:
        """Give the stages, or none where the parameter is not valid; `fit` complains then."""
        try:
            return [(name, stage) for name, stage in named_stages(self.stages)]
        except (TypeError, ValueError):
            return []

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Give the parameters; with `deep`, those of head, loss and each stage as well."""
        params = super().get_params(deep=False)  # type: ignore[misc]
        if not deep:
            return params
        params.update({name: stage for name, stage in self._named_stages() if name not in params})
        for name, part in self._parts().items():
            params.update({f"{name}__{key}": value for key, value in part.get_params().items()})
        return params

    def set_params(self, **params: Any) -> Any:
        """Set parameters, also by ``head__*``, ``loss__*`` and ``STAGE__*``."""
        own = super().get_params(deep=False)  # type: ignore[misc]
        super().set_params(**{k: v for k, v in params.items() if k in own})  # type: ignore[misc]
        nested = {k: v for k, v in params.items() if k not in own}
        for key in sorted(nested, key=lambda key: key.count("__")):  # the whole before its parts
            self._set_nested(key, nested[key])
        return self

    def _default_head(self) -> Head:
        """Give what ``head=None`` stands for."""
        return Head()

    def _given_head(self) -> Head:
        return self._default_head() if self.head is None else self.head

    def _parts(self) -> dict[str, BaseEstimator]:
        own = super().get_params(deep=False)  # type: ignore[misc]
        parts: dict[str, Any] = dict(self._named_stages())
        if "head" in own:
            parts["head"] = self._given_head()
        if "loss" in own:
            with contextlib.suppress(ParameterError):  # `fit` complains
                parts["loss"] = named_loss(self.loss)
        kinds = (Head, LossParameters, Stage)
        return {name: part for name, part in parts.items() if isinstance(part, kinds)}

    def _set_nested(self, key: str, value: Any) -> None:
        name, _, param = key.partition("__")
        part = self._parts().get(name)
        if part is None or (param and param not in part.get_params()):
            raise ParameterError(self._unknown(key, name, part))
        changed = clone(part).set_params(**{param: value}) if param else value
        if name in ("head", "loss"):
            setattr(self, name, changed)
        else:
            self.stages = [
                (stage_name, changed if stage_name == name else stage)
                for stage_name, stage in self._named_stages()
            ]

    def _unknown(self, key: str, name: str, part: BaseEstimator | None) -> str:
        caller = type(self).__name__
        if part is not None:
            valid = sorted(part.get_params())
            return f"Invalid parameter {key!r} of {caller}: {name!r} has the parameters {valid}."
        stages = [stage_name for stage_name, _ in self._named_stages()]
        if not stages:
            return (
                f"Invalid parameter {key!r} of {caller}: stages={self.stages!r} names no stages. "
                f"Expected one of {STAGE_WORDS} or a list of (name, Stage) pairs."
            )
        return (
            f"Invalid parameter {key!r} of {caller}: with stages={self.stages!r} the stages are "
            f"{stages}, and its own parameters are {sorted(super().get_params(deep=False))}."  # type: ignore[misc]
        )

    def _checked_stages(self) -> list[tuple[str, Stage]]:
        """Give the stages for `fit`, or say what is wrong with them."""
        stages = named_stages(self.stages)
        names = [pair[0] for pair in stages if isinstance(pair, tuple) and len(pair) == 2]
        if len(names) != len(stages) or not stages:
            raise ParameterError(
                f"Got stages={self.stages!r}, but expected a non-empty list of (name, Stage) pairs."
            )
        own = super().get_params(deep=False)  # type: ignore[misc]
        for name, stage in stages:
            taken = not isinstance(name, str) or name in own or "__" in name
            if taken or names.count(name) > 1 or not isinstance(stage, Stage):
                raise ParameterError(
                    f"Got the stage {(name, stage)!r}, but expected a Stage under a name that "
                    f"occurs once, has no '__' and is no parameter of {type(self).__name__}."
                )
        return stages
