"""A few drum hits as new users have them: folders by label, and a table; and a model of them."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from skspec import load_percussion
from skspec.cli import main


@pytest.fixture(scope="session")
def drums(tmp_path_factory):
    """Eight kicks and eight skins of several authors in folders, and `table.csv` beside them."""
    sounds, root = load_percussion(), tmp_path_factory.mktemp("drums")
    rows = []
    for label in ("kick", "skin"):
        (root / label).mkdir()
        of_label = sounds.metadata[sounds.metadata["label"] == label]
        # As many authors as there are, then more of the first ones.
        order = of_label.groupby("author").cumcount().sort_values(kind="stable").index
        for i in order[:8]:
            shutil.copy(sounds.paths[i], root / label)
            name = f"{label}/{Path(sounds.paths[i]).name}"
            rows.append({"path": name, "label": label, "author": sounds.groups[i]})
    pd.DataFrame(rows).to_csv(root / "table.csv", index=False)
    return root


@pytest.fixture(scope="session")
def model(drums, tmp_path_factory):
    """A model that gives probabilities, saved by `train`."""
    path = tmp_path_factory.mktemp("models") / "tiny.skspec"
    words = ["train", str(drums / "table.csv"), "--group", "author", "--output", str(path)]
    assert main([*words, "--recipe", "small CNN", "--no-evaluation", "--quiet"]) == 0
    return path


@pytest.fixture
def run(capsys):
    """Run a command line; give its exit code, stdout and stderr."""

    def run(*words):
        status = main([str(word) for word in words])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def run_json(run):
    """Run a command line with ``--json``; give what it printed, which must be one object."""

    def run_json(*words):
        status, out, _ = run(*words, "--json")
        assert status == 0
        return json.loads(out)

    return run_json
