"""Parameters of transformers in a list, reachable by name from any search."""

from __future__ import annotations

from typing import Any, Self

from sklearn.base import BaseEstimator, clone

from skspec.exceptions import ParameterError
from skspec.images._base import WaveformImageTransformer

Named = tuple[str, WaveformImageTransformer]


class NamedTransformersMixin:
    """`get_params` and `set_params` that reach into the (name, transformer) pairs.

    Setting a parameter by ``NAME__*`` gives this instance a clone of the transformer: no other
    instance that shares the list sees the change.
    """

    transformers: list[Named]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Give the parameters; with `deep`, the transformers by name and theirs as well."""
        params = super().get_params(deep=False)  # type: ignore[misc]
        for name, part in self._get_parts().items() if deep else ():
            params[name] = part
            params.update({f"{name}__{key}": value for key, value in part.get_params().items()})
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters, a transformer by its name, and its parameters by ``NAME__*``."""
        own = super().get_params(deep=False)  # type: ignore[misc]
        super().set_params(**{k: v for k, v in params.items() if k in own})  # type: ignore[misc]
        nested = [key for key in params if key not in own]
        for key in sorted(nested, key=lambda key: key.count("__")):  # wholes before parts
            self._set_nested(key, params[key])
        return self

    def _set_nested(self, key: str, value: Any) -> None:
        name, _, param = key.partition("__")
        parts = self._get_parts()
        if name not in parts:
            own = sorted(super().get_params(deep=False))  # type: ignore[misc]
            raise ParameterError(
                f"Invalid parameter {key!r} of {type(self).__name__}: its transformers are "
                f"{list(parts)}, and its own parameters are {own}."
            )
        new = clone(parts[name]).set_params(**{param: value}) if param else value
        self.transformers = [
            (each, new if each == name else part) for each, part in self.transformers
        ]

    def _get_parts(self) -> dict[str, WaveformImageTransformer]:
        """Give the transformers by name, none where the list is not valid; `fit` complains."""
        try:
            parts = [(name, part) for name, part in self.transformers if isinstance(name, str)]
        except (TypeError, ValueError):
            return {}
        return {name: part for name, part in parts if isinstance(part, BaseEstimator)}
