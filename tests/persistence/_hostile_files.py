"""Model files made to do harm, each with what refusing it says; `count_refused` loads them all.

`HOSTILE` names them. Their check sums are right: what is refused is what they hold.
"""

import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import safetensors.numpy

from skspec._storage import canonical_json, manifest_bytes
from skspec.persistence._archive import archive_pieces
from skspec.persistence._contents import _manifest


def forge(path, model=None, arrays=None, manifest=None, **raw):
    """Write a model file of any JSON and arrays, or of any raw members."""
    members = {
        "card.json": canonical_json(raw.get("card", {})),
        "model.json": raw.get("model_json", canonical_json(model)),
        "arrays.safetensors": raw.get("arrays_safetensors") or safetensors.numpy.save(arrays or {}),
    }
    manifest = manifest_bytes({**_manifest(members), **(manifest or {})})
    path.write_bytes(b"".join(archive_pieces({"manifest.json": manifest, **members})))


def thing(name, params=None, state=None):
    return {"object": {"class": name, "params": params or {}, "state": state or {}}}


def scaler(**state):
    return thing("StandardScaler", {}, state)


def array(name, dtype="<f8", order="C"):
    return {"array": [name, dtype, order]}


SPEC = {
    "backbone": thing("RegisteredBackbone", {"name": "tiny"}),
    "head": {"pooling": "mean", "n_bands": 1, "hidden": {"tuple": []}, "dropout": {"tuple": [0.0]}},
    "n_outputs": 2,
    "image_shape": {"tuple": [1, 16, 16]},
    "input_size": {"tuple": [32, 32]},
    "input_scaling": "fit",
    "statistics": thing("ImageStatistics", {"mean": 0, "std": 1, "minimum": 0, "maximum": 1}),
}


def network(**changes):
    """Give a classifier whose network has sizes that no array of the file has."""
    head = {**SPEC["head"], **changes.pop("head", {})}
    spec = {**SPEC, "head": thing("HeadSpec", head), **changes}
    compute = {"device": {"device": "cpu"}, "dtype": {"torch_dtype": "torch.float32"}}
    state = {
        "network_spec_": thing("NetworkSpec", spec),
        "compute_": thing("Compute", {**compute, "autocast": False}),
        "network_": {"dict": []},
    }
    return thing("SmallCNNClassifier", {}, state)


def wide(*hidden):
    return {"hidden": {"tuple": list(hidden)}, "dropout": {"tuple": [0.0] * (len(hidden) + 1)}}


def nested(levels):
    tree = []
    for _ in range(levels):
        tree = [tree]
    return tree


def doubling(levels):
    """Give pipelines of which each has the one before it in both its steps."""
    steps = [{"tuple": ["0", thing("StandardScaler")]}]
    for i in range(levels):
        twice = [{"tuple": [name, {"ref": i}]} for name in "ab"]
        steps.append({"tuple": [str(i + 1), thing("Pipeline", {"steps": twice})]})
    return thing("Pipeline", {"steps": steps})


def machine(kernel="rbf", sparse=False, **changes):
    """Give a support vector machine whose arrays do not belong together."""
    n = 4
    arrays = {
        "support_": np.arange(n, dtype=np.int32), "support_vectors_": np.zeros((n, 2)),
        "_n_support": np.array([2, 2], np.int32), "_dual_coef_": np.zeros((1, n)),
        "_intercept_": np.zeros(1), "_probA": np.zeros(0), "_probB": np.zeros(0),
        "classes_": np.arange(2), **changes,
    }  # fmt: skip
    state = {name: array(name, a.dtype.str) for name, a in arrays.items()}
    state |= {"n_features_in_": 2, "shape_fit_": {"tuple": [2, 2]}, "_sparse": sparse}
    return thing("SVC", {"kernel": kernel}, state), arrays


TREES = {
    "a class by its import path": (thing("os.system"), "'os.system' is not registered"),
    "a class by module and name": (thing("subprocess:Popen"), "is not registered"),
    "a class of nowhere": (thing("Popen"), "'Popen' is not registered"),
    "a module of the package": (thing("datasets"), "'datasets' is not registered"),
    "a function of the package": (thing("load_percussion"), "is not registered"),
    "a function where a class should be": (thing("f_classif"), "'f_classif' is no class"),
    "a function that is not registered": (
        thing("FunctionTransformer", {"func": {"named": "eval"}}),
        r"model.func cannot be built: 'eval' is not registered",
    ),
    "a class whose name is a list": (thing(["SVC"]), "is not registered"),
    "parameters that the constructor has not": (
        thing("SVC", {"__class__": "x"}),
        "SVC has no parameter '__class__'",
    ),
    "another class by attribute": (scaler(__class__={"named": "SVC"}), "attribute '__class__'"),
    "a method overwritten": (scaler(transform={"named": "f_classif"}), "attribute 'transform'"),
    "a private method overwritten": (scaler(_reset=1), "attribute '_reset'"),
    "an attribute that is no name": (scaler(**{"a b_": 1}), "attribute 'a b_'"),
    "a folder of pickles": (
        thing("Pipeline", {"steps": [], "memory": "/tmp"}),
        "its memory is a folder of pickles",
    ),
    "a reference to itself": (
        thing("Pipeline", {"steps": [{"tuple": ["a", {"ref": 0}]}]}),
        "a reference to object 0, which is not there yet",
    ),
    "a reference backwards": (thing("Pipeline", {"steps": {"ref": -1}}), "object -1, which is not"),
    "a tag of nothing": (thing("SVC", {"C": {"reduce": []}}), "tag 'reduce', which this version"),
    "two tags": ({"tuple": [], "dict": []}, "has the tags"),
    "an object without a class": ({"object": {"params": {}}}, "not exactly a class, params"),
    "a list instead of an estimator": ([1, 2], "it holds a list, not an estimator"),
    "pipelines that double twenty times": (doubling(20), "more than 65536 objects"),
    "two hundred levels": (nested(200), "nested more than 100 levels"),
    "a scalar of a terabyte": (
        thing("SVC", {"C": {"scalar": ["<U300000000000", "x"]}}),
        "a scalar of dtype '<U300000000000' cannot be 'x'",
    ),
    "a number too large for its type": (
        thing("SVC", {"C": {"scalar": ["|i1", 10**30]}}),
        "model.C cannot be built",
    ),
    "a float that is text": (thing("SVC", {"C": {"float": "1e5"}}), "a float is '1e5'"),
    "a dtype that runs code": (
        thing("SVC", {"C": {"torch_dtype": "torch.load"}}),
        "model.C cannot be built: KeyError",
    ),
    "objects of a huge shape": (
        scaler(mean_={"objects": [[2**40, 2**20], []]}),
        "model.mean_ cannot be built: cannot reshape",
    ),
    "an array that is not there": (scaler(mean_=array("x")), "the array 'x' is not there"),
    "a metric of one's own": (
        thing("SVC", {"kernel": {"named": "eval"}}),
        "'eval' is not registered",
    ),
    "a hidden layer of a billion": (network(head=wide(10**9)), "far more memory than its weights"),
    "fifty wide layers": (network(head=wide(*[4000] * 50)), "far more memory than its weights"),
    "a million tiny layers": (network(head=wide(*[1] * 10**5)), "far more memory"),
    "a billion classes": (network(n_outputs=10**9), "far more memory than its weights"),
    "images of a terapixel": (
        network(image_shape={"tuple": [1, 10**6, 10**6]}),
        "far more memory than its weights",
    ),
    "an input of a terapixel": (
        network(input_size={"tuple": [10**6, 10**6]}),
        "far more memory than its weights",
    ),
    "a network without its weights": (network(), "Missing key"),
}


def three(n_bytes=24, **entry):
    """Give a safetensors file of one array, with a header that says something else."""
    form = {"dtype": "F64", "shape": [3], "data_offsets": [0, 24], **entry}
    header = json.dumps({"x": form}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(n_bytes)


OVERLAPPING = json.dumps(
    {name: {"dtype": "F64", "shape": [3], "data_offsets": [0, 24]} for name in "xy"}
).encode()
WEIGHTS = {
    "a shape of an exabyte": (three(shape=[2**57]), "arrays.safetensors cannot be read"),
    "a shape that overflows": (three(shape=[2**63, 2]), "arrays.safetensors cannot be read"),
    "a negative shape": (three(shape=[-3]), "arrays.safetensors cannot be read"),
    "offsets behind the end": (three(data_offsets=[0, 2400]), "cannot be read"),
    "offsets backwards": (three(data_offsets=[24, 0]), "cannot be read"),
    "data that no array has": (three(n_bytes=48), "cannot be read"),
    "a type that numpy has not": (three(dtype="BF16", shape=[12]), "cannot be read"),
    "a type of nowhere": (three(dtype="PICKLE"), "cannot be read"),
    "arrays that overlap": (
        struct.pack("<Q", len(OVERLAPPING)) + OVERLAPPING + bytes(24),
        "cannot be read",
    ),
    "a header of an exabyte": (struct.pack("<Q", 2**60) + b"{}", "cannot be read"),
    "a header of many levels": (
        struct.pack("<Q", 50_000) + b'{"a":' * 10_000, "cannot be read"
    ),
    "a pickle": (pickle.dumps([1]) * 9, "cannot be read"),
    "an array that nothing uses": (
        safetensors.numpy.save({"x": np.zeros(3), "y": np.zeros(3)}),
        "an array 'y' that nothing uses",
    ),
    "another type than the model says": (
        safetensors.numpy.save({"x": np.zeros(3, np.float32)}),
        "dtype '<f8' has numbers of <f4",
    ),
}  # fmt: skip

TYPES = {
    "an array of objects": (np.zeros((2, 4), np.uint32), "|O", "arrays of dtype object"),
    "an array of long texts": (np.zeros((2, 4), np.uint32), "<U400000000", "has shape"),
    "characters of nowhere": (
        np.full((2, 4), 2**31, np.uint32),
        "<U4",
        "characters that do not exist",
    ),
    "an array of dates": (np.zeros(2, np.uint32), "<M8[s]", "arrays of dtype datetime64"),
    "half a complex number": (np.zeros(()), "<c16", "has shape"),
}

MACHINES = {
    "more vectors than there are": {"_n_support": np.array([10**9, 2], np.int32)},
    "less than no vectors": {"_n_support": np.array([-2, 6], np.int32)},
    "too few coefficients": {"_dual_coef_": np.zeros((1, 3))},
    "vectors too short": {"support_vectors_": np.zeros((4, 1))},
    "numbers of another width": {"support_": np.arange(4)},
    "too many probabilities": {"_probA": np.zeros(3)},
    "no intercept": {"_intercept_": np.zeros(0)},
    "clips far behind the last": {
        "kernel": "precomputed",
        "support_": np.full(4, 2**30, np.int32),
    },
    "a kernel that is a function": {"kernel": {"named": "f_classif"}},
    "a sparse machine of dense arrays": {"sparse": True},
}
BEYOND = r"the model cannot be built: its _?[a-zA-Z_]+ "

TEXTS = {
    "NaN in JSON": (b'{"tuple":[NaN]}', "model.json cannot be read|not JSON as skspec"),
    "infinity in JSON": (b'{"tuple":[1e999]}', "model.json cannot be read"),
    "a key twice": (b'{"tuple":[],"tuple":[]}', "not JSON as skspec writes it"),
    "JSON with a space": (b'{"tuple": []}', "not JSON as skspec writes it"),
    "a number of a million digits": (b"9" * 10**6, "model.json cannot be read"),
    "a million brackets": (b"[" * 10**6, "model.json cannot be read"),
    "bytes that are no text": (b"\xff\xfe", "model.json cannot be read"),
    "no JSON at all": (b"", "model.json cannot be read"),
    "ten megabytes of zeros": (
        b"[" + b"0," * 5 * 10**6 + b"0]",
        "model.json declares .* at most 8388608",
    ),
}

MANIFESTS = {
    "a format to come": (
        {"version": 2},
        "its format is 2, but this version of skspec reads up to 1",
    ),
    "a format that never was": ({"version": 0}, "other entries"),
    "a manifest with more in it": ({"more": 1}, "other entries"),
    "a manifest of nothing": ({"members": {}}, "does not list the members"),
    "a manifest without check sums": (
        {"members": {"card.json": {}, "model.json": {}, "arrays.safetensors": {}}},
        "SHA-256",
    ),
}


class Canary:
    """A pickle that makes a folder where it is loaded."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def zipped(path, names, method=zipfile.ZIP_STORED, data=b"{}"):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name in names:
            archive.writestr(name, data)


def encrypted(path):
    zipped(path, ["manifest.json"])
    data = bytearray(path.read_bytes())
    data[6] |= 1
    path.write_bytes(data)


def lying(path):
    (header, *others) = archive_pieces({"manifest.json": b"{}"})
    path.write_bytes(header.replace(struct.pack("<Q", 2), struct.pack("<Q", 2**40)) + others[0])


ARCHIVES = {
    "a pickle": (lambda p: p.write_bytes(pickle.dumps(Canary(p.parent / "ran"))), "no .skspec"),
    "a text": (lambda p: p.write_text("skspec" * 99), "it is no .skspec file"),
    "an empty file": (lambda p: p.write_bytes(b""), "it is no .skspec file"),
    "a zip of pickles": (
        lambda p: zipped(p, ["manifest.json"], data=pickle.dumps(Canary(p.parent / "ran"))),
        "none that skspec wrote",
    ),
    "a path upwards": (lambda p: zipped(p, ["../../etc/passwd"]), "found b'../../etc/passwd"),
    "an absolute path": (lambda p: zipped(p, ["/etc/cron.d/x"]), "found b'/etc/cron.d/x"),
    "a zip bomb": (
        lambda p: zipped(p, ["manifest.json"], zipfile.ZIP_DEFLATED, bytes(10**7)),
        "a member is compressed",
    ),
    "an encrypted member": (encrypted, "a member is encrypted"),
    "a length that lies": (lying, "manifest.json declares 1099511627776 bytes, but at most"),
    "a member twice": (
        lambda p: p.write_bytes(b"".join(archive_pieces({"manifest.json": b"{}"})) * 2),
        "expected the member 'card.json'",
    ),
}


def edit(path, change):
    """Write a good file and change its bytes."""
    forge(path, scaler())
    data = bytearray(path.read_bytes())
    change(data, bytes(data))
    path.write_bytes(data)


def make_link(data, was):
    at = was.index(b"PK\1\2") + 38  # external attributes of the first member
    data[at : at + 4] = struct.pack("<L", 0o120777 << 16)


def rename_upwards(data, was):
    at = was.rindex(b"model.json")
    data[at : at + 10] = b"../up.json"


def add_member(data, was):
    extra = b"".join(list(archive_pieces({"evil.pkl": b"x"}))[:2])
    data[was.index(b"PK\1\2") : was.index(b"PK\1\2")] = extra


EDITS = {
    "a link by its attributes": make_link,
    "a table of contents that names others": rename_upwards,
    "more members than listed": add_member,
}

HOSTILE = {name: (partial(forge, model=tree), words) for name, (tree, words) in TREES.items()}
HOSTILE |= {
    name: (partial(forge, model=scaler(mean_=array("x")), arrays_safetensors=data), words)
    for name, (data, words) in WEIGHTS.items()
}
HOSTILE |= {
    name: (partial(forge, model=scaler(mean_=array("x", dtype)), arrays={"x": numbers}), words)
    for name, (numbers, dtype, words) in TYPES.items()
}
HOSTILE["an array that stands for two"] = (
    partial(forge, model=scaler(mean_=array("x"), var_=array("x")), arrays={"x": np.zeros(3)}),
    "'x' is not there, or is used twice",
)
for _name, _changes in MACHINES.items():
    _tree, _arrays = machine(**_changes)
    HOSTILE[_name] = (partial(forge, model=_tree, arrays=_arrays), BEYOND)
HOSTILE |= {name: (partial(forge, model_json=t), words) for name, (t, words) in TEXTS.items()}
HOSTILE |= {
    name: (partial(forge, model=scaler(), manifest=m), words)
    for name, (m, words) in MANIFESTS.items()
}
HOSTILE |= ARCHIVES
HOSTILE |= {
    name: (partial(edit, change=change), "table of contents does not belong")
    for name, change in EDITS.items()
}

# VmHWM is of this process alone; ru_maxrss begins with what the one held that started it.
LOAD_ALL = r"""
import json, re, sys, skspec
peak = lambda: int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]) / 1024
good, *paths = sys.argv[1:]
skspec.save(skspec.SmallCNNClassifier(), good)
skspec.load(good)
before, taken = peak(), {}
for path in paths:
    try:
        skspec.load(path)
        taken[path] = "loaded"
    except skspec.exceptions.ModelFileError:
        pass
    except Exception as error:
        taken[path] = repr(error)
print(json.dumps({"growth_mb": round(peak() - before, 1), "taken": taken}))
"""


def count_refused(folder):
    """Load every file in one fresh process; give how many, which were not refused, the memory.

    ``not_refused``: what happened instead, by kind; ``ran``: files whose code ran; ``growth_mb``:
    how far the peak of memory is above that of loading a good file.
    """
    paths = {}
    for i, (name, (write, _)) in enumerate(HOSTILE.items()):
        place = Path(folder, str(i))
        place.mkdir()
        paths[str(place / "hostile.skspec")] = name
        write(place / "hostile.skspec")
    command = [sys.executable, "-c", LOAD_ALL, str(Path(folder, "good.skspec")), *paths]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    found = json.loads(run.stdout)
    return {
        "kinds": len(paths),
        "not_refused": {paths[path]: said for path, said in found["taken"].items()},
        "ran": len(list(Path(folder).glob("*/ran"))),
        "growth_mb": found["growth_mb"],
    }
