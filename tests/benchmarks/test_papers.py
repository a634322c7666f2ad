"""What the benchmark of the papers runs, and the page that is made of it."""

import re
from pathlib import Path

import pytest

from skspec import DeepFeatures, PretrainedCNNClassifier
from skspec.nn import backbones
from skspec.nn._backbone import outline
from skspec.nn._registry import get_entry
from skspec.recipes import chakhtouna, herron, mo, related_work, threadgold

GRIDS = {
    "mo": mo.grid,
    "threadgold": threadgold.grid,
    "herron": herron.grid,
    "chakhtouna": chakhtouna.grid,
    "related work": related_work,
}
PAGE = Path(__file__).parents[2] / "docs" / "papers.md"


@pytest.fixture
def papers(benchmark_module):
    return benchmark_module("papers")


@pytest.fixture
def page(benchmark_module):
    return benchmark_module("_papers_page")


def networks(system):
    """Give the estimators with a backbone in a system, itself among them."""
    parts = [system, *system.get_params(deep=True).values()]
    return [part for part in parts if isinstance(part, PretrainedCNNClassifier | DeepFeatures)]


def test_every_system_of_every_grid_is_tried_with_its_own_network(papers):
    trial = papers.from_random_weights(papers.Budget(clips=12, epochs=1, pixels=64))
    expected = {f"{paper} / {name}" for paper, grid in GRIDS.items() for name in grid()}
    assert set(trial) == expected
    assert len(trial) == 10 + 9 + 10 + 9 + 15
    used = {network.backbone for system in trial.values() for network in networks(system)}
    own = {n.backbone for grid in GRIDS.values() for s in grid().values() for n in networks(s)}
    assert used == own
    assert not any(network.weights for system in trial.values() for network in networks(system))


def test_every_kind_of_system_runs_once_with_installed_weights(papers):
    systems = papers.standing_in(papers.Budget())
    assert next(iter(systems)) == papers.BASELINE
    for paper, kinds in {"mo": 2, "threadgold": 8, "herron": 7, "chakhtouna": 3}.items():
        assert sum(name.startswith(f"{paper} / ") for name in systems) == kinds
    assert sum(name.startswith("related work / ") for name in systems) == 10
    pretrained = [n for each in systems.values() for n in networks(each) if n.weights]
    assert {network.backbone for network in pretrained} == {papers.BACKBONE}
    (info,) = backbones([papers.BACKBONE])
    assert "extra 'lite'" in info.weights  # no download


def test_what_learns_is_there_in_the_network_that_stands_in(papers):
    names = outline(get_entry(papers.BACKBONE)).block_names
    for name, system in papers.standing_in(papers.Budget()).items():
        for key, value in system.get_params(deep=True).items():
            if key.endswith("__train") and networks(system):
                assert value in {"head", "all", *names}, name


def test_budget(papers):
    system = mo("vgg16", random_state=0)
    small = papers.at_budget(system, papers.Budget(epochs=3, pixels=80)).get_params()
    assert (small["cnn__freeze__epochs"], small["cnn__unfreeze__epochs"]) == (3, 3)
    assert small["cnn__input_size"] == (80, 80)
    assert small["cnn__freeze__lr"] == pytest.approx(papers.LR)
    assert small["cnn__unfreeze__lr"] == pytest.approx(papers.LR / 10)  # the paper's proportion
    assert system["cnn"].input_size == (224, 224)


def figures(**scores):
    systems = {
        name: {"n_splits": 1, "balanced_accuracy": {"mean": s}} for name, s in scores.items()
    }
    budget = {"clips": 24, "epochs": 6, "pixels": 96, "batch_size": 8}
    return {"budget": budget, "chance_balanced_accuracy": 0.25, "systems": systems}


class TestPage:
    def test_it_is_what_the_results_say(self, page):
        assert PAGE.read_text(encoding="utf-8") == page.page_text(page.read_results())

    def test_without_results_there_are_only_the_papers_figures(self, page):
        text = page.page_text({})
        assert "No runs are stored" in text
        assert "Here:\n" not in text
        for value in ("0.8654", "0.948", "0.855", "0.7983"):
            assert value in text

    def test_every_figure_that_sums_up_is_reported(self, page):
        text = page.page_text({})
        for paper in page.PAPERS.values():
            table = paper.recipe.reported
            for row in table[table["metric"].isin(page.SUMMARY)].itertuples():
                (line,) = {
                    line
                    for line in text.splitlines()
                    if line.startswith(f"| {row.system} | {row.part} |")
                    and line.endswith(f"| {row.place} |")
                }
                cells = [cell for cell in line.split(" | ")[2:-1] if re.fullmatch(r"[-.\d]+", cell)]
                assert row.value in [float(cell) for cell in cells]

    def test_scores_stand_beside_each_other_by_corpus(self, page):
        baseline = {page.BASELINE: 0.5}
        drums = figures(**{"mo / a": 0.75}, **baseline)
        text = page.page_text({"drums": drums, "dialogues": figures(**{"mo / b": 1.0}, **baseline)})
        assert "| balanced accuracy of | drums | dialogues |" in text
        assert "| a | 0.75 |  |" in text
        assert "| b |  | 1.00 |" in text
        assert f"| {page.BASELINE} | 0.50 | 0.50 |" in text
        assert "at most 24 clips" in text
        assert "guessing: 0.25" in text

    def test_the_trial_is_counted_and_has_no_scores(self, page):
        text = page.page_text({page.TRIAL: figures(**{"mo / a": 0.75, "mo / b": 0.5})})
        assert "2 systems" in text
        assert "0.75" not in text.split("## ", 1)[0]
