"""Reads a PyTorch zip checkpoint into numpy arrays, without PyTorch and without running anything of the file.

The pickle may name any class; only tensors, parameters, dictionaries and plain values are made, all else becomes an
empty stand-in.
"""

import collections
import io
import pickle
import zipfile
from pathlib import Path

import numpy as np

TYPES = {
    "FloatStorage": np.float32, "DoubleStorage": np.float64, "HalfStorage": np.float16, "LongStorage": np.int64,
    "IntStorage": np.int32, "ByteStorage": np.uint8, "BoolStorage": np.bool_, "ShortStorage": np.int16,
    "CharStorage": np.int8,
}


class StandIn:
    def __init__(self, *args, **kwargs):
        pass

    def __setstate__(self, state):
        pass

    def __call__(self, *args, **kwargs):
        return StandIn()


class Storage:
    def __init__(self, name):
        self.type = TYPES[name]


def tensor(storage, offset, size, stride, *_):
    if not size:
        return storage[offset:offset + 1].reshape(())
    steps = [step * storage.itemsize for step in stride]
    return np.array(np.lib.stride_tricks.as_strided(storage[offset:], shape=size, strides=steps))


class Reader(pickle.Unpickler):
    def __init__(self, file, archive, root):
        super().__init__(file)
        self.archive, self.root = archive, root

    def find_class(self, module, name):
        if name == "_rebuild_tensor_v2":
            return tensor
        if name == "_rebuild_parameter":
            return lambda data, *_: data
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch" and name in TYPES:
            return Storage(name)
        if module == "builtins" and name in ("set", "dict", "list"):
            return {"set": set, "dict": dict, "list": list}[name]
        return type(name, (StandIn,), {})

    def persistent_load(self, identifier):
        _, storage, key, _, count = identifier
        return np.frombuffer(self.archive.read(f"{self.root}/data/{key}"), dtype=storage.type, count=count)


def load(path: Path):
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith("data.pkl"))
        return Reader(io.BytesIO(archive.read(name)), archive, name.rsplit("/", 1)[0]).load()
