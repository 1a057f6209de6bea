"""Writes fixtures/hdf5: small HDF5 files in the forms that h5py writes, in the classic and in the newest format, and
expected.json with what h5py reads in them. Usage: python3 scripts/makeHdf5Fixtures.py fixtures/hdf5 [--large]"""

import json, os, sys
import h5py
import numpy as np

out = sys.argv[1]
is_large = "--large" in sys.argv
os.makedirs(out, exist_ok=True)
os.chdir(out)
expected = {}


def ramp(shape, kind="f4"):
    size = int(np.prod(shape))
    return (np.arange(size) % 100).astype(kind).reshape(shape)


def numbers(f):
    for kind in ["f2", "f4", "f8", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"]:
        f["little/" + kind] = np.array([1, 100], kind)
        f["big/" + kind] = np.array([1, 100], ">" + kind)
    f["true"] = True
    f["booleans"] = np.array([True, False])
    f["scalar"] = np.int64(1)
    f["one"] = np.array([1], "i8")
    f["nothing"] = np.zeros((0,), "i8")
    f["empty"] = h5py.Empty("i8")
    f["type"] = np.dtype("f4")
    f.create_dataset("named", data=ramp((2, 3)), dtype=f["type"])
    names = f.create_group("ordered", track_order=True)
    for name in ["b", "a", "ü"]:
        names[name] = 7


def packed(f, libver):
    options = {
        "contiguous": dict(),
        "deflated": dict(compression="gzip"),
        "shuffled": dict(compression="gzip", shuffle=True, chunks=(2, 3, 4)),
        "lzf": dict(compression="lzf"),
        "lzf shuffled": dict(compression="lzf", shuffle=True, fletcher32=True, chunks=(3, 2, 7)),
        "lzf long": dict(compression="lzf", chunks=(3, 5, 7)),
        "checked": dict(fletcher32=True, chunks=(1, 5, 7)),
        "scaled": dict(scaleoffset=3),
        "in chunks": dict(chunks=(2, 2, 2)),
        "one chunk": dict(chunks=(3, 5, 7)),
        "grows": dict(chunks=(1, 2, 7), maxshape=(None, 5, 7)),
        "grows inside": dict(chunks=(1, 1, 2), maxshape=(3, 5, None), compression="gzip"),
        "grows twice": dict(chunks=(1, 2, 3), maxshape=(None, None, 7)),
        "grows twice deflated": dict(chunks=(1, 2, 3), maxshape=(None, None, 7), compression="gzip"),
        "may grow": dict(chunks=(2, 2, 3), maxshape=(9, 9, 9)),
        "big-endian": dict(compression="gzip", dtype=">f4"),
        "filled": dict(fillvalue=9),
    }
    for name, option in options.items():
        if libver == "earliest" and "maxshape" in option:
            continue  # its index is the same
        f.create_dataset(name, data=ramp((3, 5, 7)), **option)
    f.create_dataset("repeats", data=np.tile(np.arange(5, dtype="u1"), 400), compression="lzf", chunks=(1000,))
    noise = np.random.default_rng(0).integers(0, 256, 300, "u1")
    f.create_dataset("noise", data=noise, compression="lzf", chunks=(300,))
    f.create_dataset("odd", data=np.arange(7, dtype="u1"), fletcher32=True, chunks=(7,))
    with_fill = f.create_dataset("partly filled", (4, 4), "f4", chunks=(2, 4), fillvalue=0.5)
    with_fill[:2] = ramp((2, 4))
    f.create_dataset("never but filled", (2, 2), "i4", fillvalue=3)
    space = h5py.h5s.create_simple((2, 3))
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    compact = h5py.h5d.create(f.id, b"compact", h5py.h5t.IEEE_F32LE, space, plist)
    compact.write(h5py.h5s.ALL, h5py.h5s.ALL, ramp((2, 3)))
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((2, 2))
    plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    early = h5py.h5d.create(f.id, b"early", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((3, 5)), plist)
    early.write(h5py.h5s.ALL, h5py.h5s.ALL, ramp((3, 5)))


def large(f):
    f.create_dataset("many", data=ramp((2500,)), chunks=(1,))
    f.create_dataset("many deflated", data=ramp((60, 50)), chunks=(1, 1), compression="gzip")
    f.create_dataset("many grow", data=ramp((30000,), "u1"), chunks=(1,), maxshape=(None,))
    f.create_dataset("many grow deflated", data=ramp((3, 900)), chunks=(1, 1), maxshape=(3, None), compression="gzip")
    f.create_dataset("many grow twice", data=ramp((70, 60)), chunks=(1, 1), maxshape=(None, None))
    for i in range(3000):
        f[f"groups/{i}/label"] = i % 100


def linked(f):
    for name in ["0", "1", "é", "日本", "x y"]:
        f[name + "/img"] = ramp((3, 4, 4), "u1")
        f[name + "/label"] = 1
    f["shared"] = ramp((3, 4, 4), "u1") + 1
    f["hard/img"] = f["shared"]
    f["soft/img"] = h5py.SoftLink("/shared")
    f["twice/img"] = h5py.SoftLink("/soft/img")
    f["twice/near"] = h5py.SoftLink("img")
    f["whole"] = h5py.SoftLink("/0")
    f["outside/img"] = h5py.ExternalLink("target.h5", "/deep/img")
    f["outside/absolute"] = h5py.ExternalLink("/elsewhere/target.h5", "/deep/img")
    f["there"] = h5py.ExternalLink("target.h5", "deep")


def dangling(f):
    f["soft"] = h5py.SoftLink("/none")
    f["group"] = h5py.SoftLink("/none")
    f["circle"] = h5py.SoftLink("/circle")
    f["file"] = h5py.ExternalLink("none.h5", "/deep/img")
    f["inside"] = h5py.ExternalLink("target.h5", "/none")
    f["above"] = h5py.ExternalLink("../target.h5/../../x.h5", "/deep/img")
    f.create_dataset("never", (3, 4), "f4")
    f.create_dataset("chunk never", (4, 4), "f4", chunks=(2, 4), compression="gzip")[:2] = ramp((2, 4))
    f.create_dataset("chunks never", (4, 4), "f4", chunks=(4, 4))
    f.create_dataset("raw missing", (4,), "u1", external=[("none.raw", 0, 4)])
    f.create_dataset("raw short", (40,), "u1", external=[("values.raw", 0, 40)])
    layout = h5py.VirtualLayout((4,), "u1")
    layout[:] = h5py.VirtualSource("target.h5", "deep/img", shape=(4,))
    f.create_virtual_dataset("virtual", layout)


def values_of(dataset):
    values = dataset[()]
    if isinstance(values, h5py.Empty):
        return []
    return np.asarray(values).astype("f8").ravel().tolist()


def odd(f):
    """A challenge file whose patches are all sound, kept in odd ways."""
    f["mean"] = np.zeros(3)
    f["shared"] = np.dtype("f4")
    for i, name in enumerate(["0", "1", "2", "10", "é"]):
        f[name + "/label"] = i % 2 == 1
        f[name + "/metadata"] = np.array([3.0, 20 + i])
    f["0/img"] = ramp((3, 4, 4), "u1")
    f["1/img"] = h5py.SoftLink("/0/img")
    f["2/img"] = h5py.ExternalLink("target.h5", "/deep/img")
    f.create_dataset("10/img", data=ramp((3, 4, 4), "u1") + 3, compression="lzf")
    f["é/img"] = ramp((3, 4, 4), "u1") + 4


def faulty(f):
    """A challenge file with two sound patches, 0 and 1, and one for each thing that can be wrong."""
    names = ["0", "1", "center NaN", "center half", "center below", "no metadata", "compound metadata", "text label"]
    images = ["img never", "chunk never", "img raw", "img dangling", "img outside", "img virtual", "img damaged"]
    for name in names + images:
        f[name + "/label"] = "1" if name == "text label" else 1
        center = {"center NaN": np.nan, "center half": 1.5, "center below": -1}.get(name, 3)
        if name == "compound metadata":
            f[name + "/metadata"] = np.array([(3, 20)], dtype=[("center", "i4"), ("slide", "i4")])
        elif name != "no metadata":
            f[name + "/metadata"] = np.array([center, 20], "f8")
        if name in names:
            f[name + "/img"] = ramp((3, 4, 4), "u1")
    f.create_dataset("img never/img", (3, 4, 4), "u1")
    f.create_dataset("chunk never/img", (3, 4, 4), "u1", chunks=(1, 4, 4), compression="gzip")[:1] = 7
    f.create_dataset("img raw/img", (3, 4, 4), "u1", external=[("none.raw", 0, 48)])
    f["img dangling/img"] = h5py.SoftLink("/none")
    f["img outside/img"] = h5py.ExternalLink("/elsewhere/none.h5", "/deep/img")
    layout = h5py.VirtualLayout((3, 4, 4), "u1")
    layout[:] = h5py.VirtualSource("target.h5", "deep/img", shape=(3, 4, 4))
    f.create_virtual_dataset("img virtual/img", layout)
    f.create_dataset("img damaged/img", data=ramp((3, 4, 4), "u1"), chunks=(3, 4, 4), compression="gzip")
    f["group dangling"] = h5py.SoftLink("/none")
    return f["img damaged/img"].id.get_chunk_info(0)


def lying(f):
    """Sizes that no file of this size can hold: nothing of them was ever written."""
    f["0/img"] = ramp((3, 4, 4), "u1")
    f.create_dataset("1/img", (3, 60000, 60000), "f4", chunks=(3, 4, 4), fillvalue=0.5)
    f.create_dataset("0/metadata", (600000000,), "i8", chunks=(1024,), fillvalue=1)
    f["0/label"] = 1
    f.create_dataset("deflated", (3, 60000, 60000), "f4", chunks=(3, 60, 60), compression="gzip")
    f.create_dataset("plain", (3, 60000, 60000), "f4")


def stored(f, storage):
    """A small challenge file whose images are stored in one way; fuzzing begins with these."""
    for i in range(3):
        group = f.create_group(str(i))
        image = (ramp((3, 6, 6)) + i) / 110
        if storage == "compact":
            plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plist.set_layout(h5py.h5d.COMPACT)
            space = h5py.h5s.create_simple(image.shape)
            h5py.h5d.create(group.id, b"img", h5py.h5t.IEEE_F32LE, space, plist).write(
                h5py.h5s.ALL, h5py.h5s.ALL, image.astype("f4")
            )
        else:
            options = {
                "contiguous": dict(),
                "chunked": [dict(chunks=(1, 6, 6)), dict(chunks=(2, 4, 6)),
                            dict(chunks=(1, 6, 6), maxshape=(None, 6, 6))][i],
                "deflated": [dict(compression="gzip"), dict(compression="gzip", shuffle=True, fletcher32=True),
                             dict(compression="lzf", chunks=(1, 6, 6))][i],
            }[storage]
            group.create_dataset("img", data=image.astype("f4"), **options)
        group["label"] = i % 2
        group["metadata"] = np.array([3, 20 + i])


def walk(group, prefix, found):
    for name in group:
        item = group[name]
        if isinstance(item, h5py.Group):
            walk(item, prefix + name + "/", found)
        elif isinstance(item, h5py.Dataset):
            found[prefix + name] = {"shape": [0] if item.shape is None else list(item.shape), "values": values_of(item)}
    return found


def make(name, fill, libver, **options):
    with h5py.File(name, "w", libver=libver, **options) as f:
        fill(f)
    with h5py.File(name, "r") as f:
        expected[name] = walk(f, "", {})


open("values.raw", "wb").write(bytes(range(20)))
with h5py.File("target.h5", "w") as f:
    f["deep/img"] = ramp((3, 4, 4), "u1") + 2
for libver in ["earliest", "latest"]:
    make(f"numbers-{libver}.h5", numbers, libver)
    make(f"packed-{libver}.h5", lambda f: packed(f, libver), libver)
    make(f"linked-{libver}.h5", linked, libver)
    with h5py.File(f"dangling-{libver}.h5", "w", libver=libver) as f:
        dangling(f)
    with h5py.File(f"raw-{libver}.h5", "w", libver=libver) as f:
        f.create_dataset("raw", (3, 4), "u1", external=[("values.raw", 2, 5), ("values.raw", 8, 7)])
        f["raw"].id  # its values lie there already
    expected[f"raw-{libver}.h5"] = {"raw": {"shape": [3, 4], "values": list(range(2, 7)) + list(range(8, 15))}}
    make(f"odd-{libver}.h5", odd, libver)
    for storage in ["contiguous", "compact", "chunked", "deflated"]:
        make(f"storage-{storage}-{libver}.h5", lambda f: stored(f, storage), libver)
    with h5py.File(f"faulty-{libver}.h5", "w", libver=libver) as f:
        chunk = faulty(f)
    with open(f"faulty-{libver}.h5", "r+b") as file:
        file.seek(chunk.byte_offset + 4)
        file.write(b"\xff" * (chunk.size - 4))
    with h5py.File(f"lying-{libver}.h5", "w", libver=libver) as f:
        lying(f)
    os.makedirs(f"pcam-{libver}", exist_ok=True)
    stem = f"pcam-{libver}/camelyonpatch_level_2_split_valid_"
    with h5py.File(stem + "x.h5", "w", libver=libver) as f:
        x = f.create_dataset("x", (4, 8, 8, 3), "u1", chunks=(1, 8, 8, 3), maxshape=(None, 8, 8, 3), compression="lzf")
        for i in [0, 1, 3]:  # the third patch is never written
            x[i] = ramp((8, 8, 3), "u1") + i
    with h5py.File(stem + "y.h5", "w", libver=libver) as f:
        f["y"] = np.array([True, False, True, False]).reshape(4, 1, 1, 1)
    if is_large:
        make(f"large-{libver}.h5", large, libver)
    with h5py.File(f"types-{libver}.h5", "w", libver=libver) as f:
        f["text"] = "1"
        f["fixed text"] = np.array(b"1")
        f["texts"] = np.array([b"1", b"0"])
        f["compound"] = np.array([(1, 2.0)], dtype=[("center", "i4"), ("slide", "f4")])
        f.create_dataset("lists", (1,), h5py.vlen_dtype("i4"))[0] = [1, 2]
        f["long"] = np.zeros(2, np.longdouble)
make("block.h5", numbers, "earliest", userblock_size=1024)
json.dump(expected, open("expected.json", "w"), ensure_ascii=False, separators=(",", ":"))
