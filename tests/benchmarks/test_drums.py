"""Reading drum kits: small ones that are written here."""

import numpy as np
import pytest
import soundfile

SR = 22_050
COPYRIGHT = """\
Format: something

Files: drumkits/Old.h2drumkit
 drumkits/New?Kit.h2drumkit
Copyright: 2001 One Holder
License: X

Files: drumkits/Other.h2drumkit
Copyright: 2002 Another
License: X
"""


@pytest.fixture
def drums(benchmark_module):
    return benchmark_module("_drums")


@pytest.fixture
def noise():
    """Give what makes a hit: white noise with a rise of some milliseconds and a slow fall."""
    time = np.arange(SR // 2) / SR
    envelope = 0.3 * np.exp(-time / 0.08) * (1 - np.exp(-time / 0.002))
    return lambda seed: envelope * np.random.default_rng(seed).normal(size=len(time))


@pytest.fixture
def package(drums, tmp_path):
    """Give what writes a kit: {instrument: {file: samples, None to list it only}}."""
    root = tmp_path / "kits_1.0_all"
    (root / drums.COPYRIGHT).parent.mkdir(parents=True)
    (root / drums.COPYRIGHT).write_text(COPYRIGHT)

    def write(kit, instruments, author="Somebody", namespace=""):
        folder = root / drums.KITS / kit
        folder.mkdir(parents=True)
        nodes = []
        for name, files in instruments:
            for file, samples in files.items():
                if samples is not None:
                    soundfile.write(folder / file, samples, SR, subtype="PCM_24")
            layers = "".join(f"<layer><filename>{file}</filename></layer>" for file in files)
            nodes.append(f"<instrument><name>{name}</name>{layers}</instrument>")
        (folder / "drumkit.xml").write_text(
            f"<drumkit_info{namespace}><author>{author}</author><instrumentList>"
            f"{''.join(nodes)}</instrumentList></drumkit_info>"
        )
        return root

    return write


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BassDrum", ["kick"]),
        ("c3 - bass drum 1", ["kick"]),
        ("redo super opaco", ["snare"]),
        ("Snare Rimshot (Pearl Free Floating Maple 14x3.5)", ["snare"]),
        ("Closed HH", ["hi-hat"]),
        ("Side OHH", ["hi-hat"]),
        ("Hi-Hat Open (Paiste Alpha Metal edge 14)", ["hi-hat"]),
        ("Sabian Hat Semi-Open", ["hi-hat"]),
        ("f#3 - hi-hat closed", ["hi-hat"]),
        ("Floor Tom", ["tom"]),
        ("tomhi2", ["tom"]),
        ("crash16inch", ["crash"]),
        ("Ride (Custom, Zagrebin 22)", ["ride"]),
        ("ride-cup", ["ride"]),
        ("Crash/Ride Bow", ["crash", "ride"]),
        ("Hand Clap", ["clap"]),
        ("Cowbell", ["cowbell"]),
        ("Tambourine", []),
        ("Djembe1 Bass", []),
        ("Stick", []),
        ("That", []),
    ],
)
def test_classes_of(drums, name, expected):
    assert drums.classes_of(name) == expected


def test_read_kit_with_and_without_a_namespace(drums, package):
    root = package("Old", [("Kick", {"a.wav": None, "b.wav": None}), ("17", {})])
    package("Other", [("Snare", {"c.flac": None})], namespace=' xmlns="http://example.org/kit"')
    old, other = (drums.read_kit(root / drums.KITS / kit) for kit in ("Old", "Other"))
    assert [(layer.instrument, layer.path.name) for layer in old] == [
        ("Kick", "a.wav"),
        ("Kick", "b.wav"),
    ]
    assert [layer[:2] for layer in other] == [("Other", "Snare")]


def test_everything_left_out_is_reported(drums, package, noise):
    root = package(
        "Old",
        [
            ("Kick", {"kick.wav": noise(0)}),
            ("Kick Hard", {"kick.wav": None, "gone.wav": None}),
            ("Stick", {"stick.wav": noise(1)}),
            ("Crash/Ride", {"cymbal.wav": noise(2)}),
            ("Clap", {"both.wav": noise(3)}),
            ("Cowbell", {"both.wav": None}),
            ("Snare", {"snare.wav": noise(4), "copy.wav": noise(4)}),
            ("Tom", {"clash.wav": noise(5)}),
            ("Hat", {"clash2.wav": noise(5)}),
        ],
    )
    soundfile.write(root / drums.KITS / "Old" / "nobody.wav", noise(6), SR)
    found = drums.load_drums(root)
    assert [path.rsplit("/", 1)[1] for path in found.paths] == ["copy.wav", "kick.wav"]
    np.testing.assert_array_equal(found.y, ["snare", "kick"])
    assert found.report["listed_under_several_instruments"] == 2  # kick.wav and both.wav
    assert found.report["of_two_classes"] == ["Old/both.wav"]
    assert found.report["names_of_two_classes"] == {"Old": ["Crash/Ride"]}
    assert found.report["names_of_no_class"] == {"Old": ["Stick"]}
    assert found.report["missing_files"] == ["Old/gone.wav"]
    assert found.report["exact_duplicates"] == [
        ["Old/clash.wav", "Old/clash2.wav"],  # of two classes, so neither is kept
        ["Old/copy.wav", "Old/snare.wav"],
    ]
    assert found.report["files_without_instrument"] == 1
    assert found.report["counts"] == {"kick": {"Old": 1}, "snare": {"Old": 1}}


def test_kits_of_one_holder_are_one_group(drums, package, noise):
    package("Old", [("Kick", {"a.wav": noise(0)})])
    package("New Kit", [("Kick", {"a.wav": noise(1)})], author="Somebody else")
    package("Other", [("Kick", {"a.wav": noise(2)})])
    # Not in the copyright file: those go by the author in `drumkit.xml`.
    package("Third", [("Kick", {"a.wav": noise(3)})], author="Third")
    root = package("Fourth", [("Kick", {"a.wav": noise(4)})], author="Third")
    assert drums.load_drums(root).report["groups"] == {
        "Fourth": ["Fourth", "Third"],
        "New Kit": ["New Kit", "Old"],
        "Other": ["Other"],
    }


@pytest.mark.parametrize(
    ("change", "together"),
    [
        (lambda sound: sound, True),
        (lambda sound: 0.2 * sound, True),
        (lambda sound: np.concatenate([np.zeros(777), sound]), True),
        (lambda sound: sound + np.random.default_rng(9).normal(0, 0.02, len(sound)), False),
        (lambda sound: sound[::-1], False),
    ],
)
def test_kits_that_share_a_sound_are_one_group(drums, package, noise, change, together):
    package("Old", [("Kick", {"a.wav": noise(0)}), ("Snare", {"b.wav": noise(1)})])
    root = package("Other", [("Kick", {"c.wav": noise(2)}), ("Snare", {"d.wav": change(noise(1))})])
    found = drums.load_drums(root)
    assert len(set(found.groups)) == (1 if together else 2)
    assert found.report["twins"] == ([["Old/b.wav", "Other/d.wav"]] if together else [])


def test_kits_are_joined_through_others(drums):
    found = drums.clusters(list("abcde"), [("a", "c"), ("e", "c")])
    assert found == {"a": "a", "b": "b", "c": "a", "d": "d", "e": "a"}
    assert drums.clusters(list("ab"), []) == {"a": "a", "b": "b"}


def test_a_package_without_kits(drums, tmp_path):
    with pytest.raises(SystemExit, match=r"no \*/drumkit.xml"):
        drums.load_drums(tmp_path)
