"""ChannelStack: channels are the transformers' own images, and parameters do not leak."""

import numpy as np
import pytest
import soundfile
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline

from skspec import ChannelStack, ChromaImage, MelSpectrogramImage, MFCCImage, SpectrogramImage
from skspec.exceptions import AudioWarning, ParameterError

FRAMES = {"sr": 8000, "n_fft": 256, "hop_length": 64}


def parts():
    return [
        ("mel", MelSpectrogramImage(**FRAMES, n_mels=16)),
        ("mfcc", MFCCImage(**FRAMES, n_mels=16, n_mfcc=16, deltas=1)),
    ]


def sounds(n_clips, n=2000):
    rng = np.random.default_rng(n)
    tones = np.sin(2 * np.pi * rng.uniform(100, 3000, (n_clips, 1)) * np.arange(n) / 8000)
    return (0.3 * tones + 0.05 * rng.standard_normal((n_clips, n))).astype(np.float32)


def test_channels_of_one_size_are_the_images_themselves():
    X = sounds(3)
    images = ChannelStack(parts()).fit_transform(X)
    expected = [part.fit_transform(X) for _, part in parts()]
    assert_array_equal(images, np.concatenate(expected, axis=1))


def test_other_channels_show_the_same_times_as_the_first():
    X = sounds(2)
    wide = SpectrogramImage(8000, n_fft=256, hop_length=200, scale="linear")
    stack = ChannelStack([*parts()[:1], ("linear", wide)]).fit(X)
    times = stack.get_times()
    assert_array_equal(times, parts()[0][1].fit(X).get_times())
    own = wide.fit_transform(X)[0, 0]
    columns = np.stack([np.interp(times, wide.get_times(), row) for row in own])
    # 129 rows become 16: rows of the middle cells are means with weights like a roof.
    rows, width = (np.arange(16) + 0.5) * 129 / 16 - 0.5, 129 / 16
    weights = np.maximum(0, 1 - np.abs(np.arange(129) - rows[:, None]) / width)
    expected = weights / weights.sum(axis=1, keepdims=True) @ columns
    assert_allclose(stack.transform(X)[0, 1], expected, atol=1e-4 * expected.max())


@pytest.mark.parametrize("size", [(16, 32), (5, 7), (40, 100)])
def test_size(size):
    X = sounds(2)
    stack = ChannelStack(parts(), size=size).fit(X)
    images = stack.transform(X)
    assert images.shape == (2, 3, *size)
    mel = parts()[0][1].fit_transform(X)
    assert mel.min() - 1e-3 <= images[:, 0].min() <= images[:, 0].max() <= mel.max() + 1e-3
    assert_allclose(stack.get_times(), (np.arange(size[1]) + 0.5) * 0.25 / size[1])


def test_a_stack_can_hold_a_stack():
    X = sounds(2)
    nested = ChannelStack([("both", ChannelStack(parts())), ("again", parts()[0][1])])
    images = nested.fit_transform(X)
    assert images.shape == (2, 4, 16, 32)
    assert_array_equal(images[:, 0], images[:, 3])
    assert nested.set_params(both__mfcc__deltas=2).fit(X).image_shape_ == (5, 16, 32)


def test_files_are_read_once(tmp_path, monkeypatch):
    X, paths = sounds(4), [tmp_path / f"{i}.wav" for i in range(4)]
    for path, clip in zip(paths, X, strict=True):
        soundfile.write(path, clip, 8000, subtype="FLOAT")
    stack = ChannelStack(parts()).fit(X)
    opened, original = [], soundfile.SoundFile.__init__
    monkeypatch.setattr(
        soundfile.SoundFile,
        "__init__",
        lambda self, file, *args, **kwargs: (
            opened.append(file),
            original(self, file, *args, **kwargs),
        )[1],
    )
    assert_array_equal(stack.transform(paths), stack.transform(X))
    assert len(opened) == 4


def test_rows_and_units_are_those_of_the_transformers():
    stack = ChannelStack([*parts(), ("chroma", ChromaImage(**FRAMES))]).fit(sounds(1))
    assert [stack.get_row_label(c) for c in range(4)] == [
        "frequency (Hz)",
        "coefficient",
        "coefficient",
        "note (0 is C)",
    ]
    assert [stack.get_unit(c) for c in range(4)] == ["dB", "dB", "dB / frame", "share"]
    assert_allclose(stack.get_frequencies(2), np.arange(16))
    assert_allclose(stack.get_frequencies(3)[[0, -1]], [0, 11])
    with pytest.raises(ParameterError, match="Got channel=4, but expected 0 to 3"):
        stack.get_unit(4)


def test_nested_parameters():
    stack = ChannelStack(parts())
    params = stack.get_params()
    assert params["mfcc__n_mfcc"] == 16
    assert params["mel"] is stack.transformers[0][1]
    assert set(stack.get_params(deep=False)) == {
        "transformers",
        "size",
        "device",
        "n_jobs",
        "verbose",
    }
    pipe = Pipeline([("stack", stack)])
    pipe.set_params(stack__mfcc__n_mfcc=8, stack__mel=SpectrogramImage(**FRAMES))
    assert pipe.get_params()["stack__mfcc__n_mfcc"] == 8
    assert pipe.fit_transform(sounds(1)).shape == (1, 3, 129, 32)


def test_whole_transformers_are_set_before_their_parameters():
    stack = ChannelStack(parts()).set_params(mel__n_fft=128, mel=SpectrogramImage(**FRAMES))
    assert stack.get_params()["mel__n_fft"] == 128
    assert isinstance(stack.get_params()["mel"], SpectrogramImage)


def test_nothing_leaks_between_stacks_that_share_a_list():
    shared = parts()
    first, second = ChannelStack(shared), ChannelStack(shared)
    for params in ParameterGrid({"mfcc__n_mfcc": [4, 5], "mel__n_mels": [8, 9]}):
        clone(first).set_params(**params)
        first.set_params(**params)
    assert first.get_params()["mfcc__n_mfcc"] == 5
    assert second.get_params()["mfcc__n_mfcc"] == shared[1][1].n_mfcc == 16


def test_fit_leaves_the_transformers_alone():
    stack = ChannelStack(parts()).fit(sounds(1))
    assert not hasattr(stack.transformers[0][1], "image_shape_")
    assert stack.transformers_[0][1].image_shape_ == (1, 16, 32)


@pytest.mark.parametrize(
    ("param", "value"),
    [("sr", 16_000), ("duration_s", 0.5), ("pad", "wrap"), ("crop", "center")],
)
def test_transformers_must_agree(param, value):
    stack = ChannelStack(parts()).set_params(**{f"mfcc__{param}": value})
    message = rf"Got {param}={value!r} for 'mfcc', but {param}=.* for 'mel'; .* must agree on sr"
    with pytest.raises(ParameterError, match=message):
        stack.fit(sounds(1))


MEL = MelSpectrogramImage(**FRAMES, n_mels=16)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"transformers": []}, r"Got transformers=\[\], but expected a list of one or more"),
        ({"transformers": MEL}, "'transformers' parameter"),
        ({"transformers": [MEL]}, "pairs with names that differ"),
        ({"transformers": [("a", MEL), ("a", MEL)]}, "pairs with names that differ"),
        ({"transformers": [("a", 3)]}, "pairs with names that differ"),
        ({"transformers": [("a", MelSpectrogramImage)]}, "pairs with names that differ"),
        ({"transformers": [("a__b", MEL)]}, "Got the name 'a__b', but expected one without '__'"),
        ({"transformers": [("size", MEL)]}, "Got the name 'size'"),
        ({"transformers": [("a", Pipeline([("m", MEL)]))]}, "expected one from waveforms to im"),
        ({"size": (0, 5)}, r"Got size=\(0, 5\), but expected"),
        ({"mel__n_mels": 0}, "ChannelStack, transformer 'mel': The 'n_mels' parameter"),
        ({"mfcc__n_mfcc": 17}, "transformer 'mfcc': Got n_mfcc=17, but expected at most n_mels"),
    ],
)
def test_bad_parameters_are_told_in_fit(options, message):
    with pytest.raises(ParameterError, match=message):
        ChannelStack(parts()).set_params(**options).fit(sounds(1))


@pytest.mark.parametrize("key", ["chroma", "chroma__n_fft", "n_mels"])
def test_unknown_parameters_name_the_known(key):
    message = rf"Invalid parameter '{key}' of ChannelStack: .* \['mel', 'mfcc'\].*'transformers'"
    with pytest.raises(ParameterError, match=message):
        ChannelStack(parts()).set_params(**{key: 1})
    with pytest.raises(ValueError, match="Invalid parameter 'n_chroma'"):
        ChannelStack(parts()).set_params(mel__n_chroma=3)


def test_empty_bands_are_warned_of():
    with pytest.warns(AudioWarning, match="MelSpectrogramImage: .* too narrow"):
        ChannelStack(parts()).set_params(mel__n_mels=200).fit(sounds(1))
