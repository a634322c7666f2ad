"""A grid search on a dask cluster: here two processes on this machine, elsewhere any number.

    python examples/search_on_dask.py

joblib hands the fits to the cluster; nothing else changes, and the scores are the same. For a
cluster that runs already, take ``Client("ADDRESS:8786")``. Its workers need skspec, and files under
the same paths. Needs the extra ``dask``.
"""

from __future__ import annotations

import joblib
import numpy as np
from dask.distributed import Client, LocalCluster
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from skspec import MelSpectrogramImage, PretrainedCNNClassifier, Stage, make_voices


def make_search() -> GridSearchCV:
    """Give a search over a small network."""
    mel = MelSpectrogramImage(sr=16_000, n_fft=512, hop_length=256, n_mels=64)
    stages = [("full", Stage("all", epochs=4, lr=1e-2))]
    cnn = PretrainedCNNClassifier(
        "tiny", weights=None, stages=stages, batch_size=8, device="cpu", random_state=0
    )
    grid = {"mel__n_mels": [32, 64]}
    pipe = Pipeline([("mel", mel), ("cnn", cnn)])
    return GridSearchCV(pipe, grid, cv=StratifiedGroupKFold(3))


def main() -> None:
    """Search on the cluster and without it, and compare the scores."""
    X, y, speakers = make_voices(48, n_speakers=12, snr_db=0.0, random_state=0)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
        joblib.parallel_config("dask"),
    ):
        there = make_search().fit(X, y, groups=speakers)
        print(f"{len(client.ncores())} workers: {there.best_params_}, {there.best_score_:.2f}")
    here = make_search().fit(X, y, groups=speakers)
    scores = [search.cv_results_["mean_test_score"] for search in (there, here)]
    print("the same scores without dask:", np.array_equal(*scores))


if __name__ == "__main__":  # worker processes import this file
    main()
