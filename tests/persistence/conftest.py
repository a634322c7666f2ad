"""Files that hold what no save would write, with check sums that are right all the same."""

import pytest
import safetensors.numpy

from skspec._storage import canonical_json, manifest_bytes
from skspec.persistence._archive import archive_pieces
from skspec.persistence._contents import _manifest


@pytest.fixture
def forge(tmp_path):
    """Give a function that writes a model file of any JSON and arrays, or of any raw members."""

    def write(model=None, arrays=None, card=None, manifest=None, **raw):
        members = {
            "card.json": raw.get("card_json", canonical_json({} if card is None else card)),
            "model.json": raw.get("model_json", canonical_json(model)),
            "arrays.safetensors": raw.get("arrays_safetensors")
            or safetensors.numpy.save(arrays or {}),
        }
        manifest = manifest_bytes({**_manifest(members), **(manifest or {})})
        path = tmp_path / "forged.skspec"
        path.write_bytes(b"".join(archive_pieces({"manifest.json": manifest, **members})))
        return path

    return write
