"""From what stands in a model file to values, of nothing but what the registry has."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from skspec.persistence._arrays import from_numbers, object_array
from skspec.persistence._encoder import DEPTH
from skspec.persistence._errors import UnusableError
from skspec.persistence._fitted import put_together
from skspec.persistence._kinds import KINDS
from skspec.persistence._registry import find

#: An object counts wherever it is referred to: whoever walks the tree meets it there again.
OBJECTS = 2**16


class Decoder:
    """Decodes what `Encoder` gave; `kinds` gathers the classes of all objects."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.kinds: set[type] = set()
        self._arrays = arrays
        self._given: set[str] = set()
        self._finished: list[tuple[Any, int]] = []  # and how many objects each is
        self._n_objects = 0
        self._depth = 0

    def decode(self, node: Any, where: str) -> Any:
        """Give the value of a node; whatever is wrong with it is an `UnusableError`."""
        if self._depth > DEPTH:
            raise UnusableError(f"{where[:80]}... is nested more than {DEPTH} levels deep")
        self._depth += 1
        try:
            return self._decode(node, where)
        finally:
            self._depth -= 1

    def check_finished(self) -> None:
        """Refuse arrays that nothing of the model is made of."""
        unused = sorted(self._arrays.keys() - self._given)
        if unused:
            raise UnusableError(f"there is an array {unused[0]!r} that nothing uses")

    def _decode(self, node: Any, where: str) -> Any:
        if isinstance(node, list):
            return [self.decode(item, f"{where}[{i}]") for i, item in enumerate(node)]
        if not isinstance(node, dict):
            return node
        if len(node) != 1:
            raise UnusableError(f"{where} has the tags {sorted(node)[:5]}, expected one")
        ((tag, content),) = node.items()
        build = self._builder(tag, where)
        try:
            return build(content)
        except UnusableError:
            raise
        except Exception as error:  # constructors and numpy raise all kinds for values of any kind
            kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
            raise UnusableError(f"{where} cannot be built: {kind}{error}") from error

    def _builder(self, tag: str, where: str) -> Callable[[Any], Any]:
        if tag in KINDS:
            return lambda content: KINDS[tag].build(self.decode(content, where))
        special = {
            "array": lambda content: self._array(*content),
            "objects": lambda content: object_array(content[0], self.decode(content[1], where)),
            "ref": self._reference,
            "named": self._named,
            "object": lambda content: self._object(where, **_checked(content)),
        }
        if tag not in special:
            raise UnusableError(f"{where} has the tag {tag!r}, which this version does not know")
        return special[tag]

    def _array(self, name: str, dtype: str, order: str) -> NDArray[Any]:
        if name not in self._arrays or name in self._given:
            raise ValueError(f"the array {name!r} is not there, or is used twice")
        self._given.add(name)
        return from_numbers(self._arrays[name], dtype, order)

    def _reference(self, number: Any) -> Any:
        if type(number) is not int or not 0 <= number < len(self._finished):
            raise ValueError(f"a reference to object {number!r}, which is not there yet")
        made, n_objects = self._finished[number]
        self._count(n_objects)
        return made

    def _count(self, n_objects: int) -> None:
        self._n_objects += n_objects
        if self._n_objects > OBJECTS:
            raise UnusableError(
                f"it has more than {OBJECTS} objects, each counted wherever it is referred to"
            )

    def _named(self, name: Any) -> Any:
        thing = find(name) if isinstance(name, str) else None
        if thing is None:
            raise ValueError(f"{name!r} is not registered: {_REGISTER}")
        return thing

    def _object(self, where: str, name: Any, params: Any, state: Any) -> Any:
        kind = self._named(name)
        if not inspect.isclass(kind):
            raise ValueError(f"{name!r} is no class")
        self.kinds.add(kind)
        before = self._n_objects
        self._count(1)
        values = [
            {key: self.decode(part[key], f"{where}.{key}") for key in sorted(part)}
            for part in (params, state)
        ]
        made = put_together(kind, *values)
        self._finished.append((made, self._n_objects - before))
        return made


_REGISTER = (
    "it is no name of this version of skspec; one of your own needs "
    "skspec.persistence.register before load"
)


def _checked(content: Any) -> dict[str, Any]:
    if not isinstance(content, dict) or content.keys() != {"class", "params", "state"}:
        raise ValueError("an object has not exactly a class, params and state")
    params, state = content["params"], content["state"]
    if not isinstance(params, dict) or not isinstance(state, dict):
        raise ValueError("the params or the state of an object are no JSON object")
    return {"name": content["class"], "params": params, "state": state}
