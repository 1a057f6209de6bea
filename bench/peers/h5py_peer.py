"""The h5py side of read-hdf5: the same file, the same rows, in the same order, on the same machine.
Needs Debian's python3-h5py. usage: h5py_peer.py FILE ROWS  where ROWS holds one group name a line.
Prints one JSON line: seconds to read the images as bytes, seconds for the labels and metadata, peak memory."""
import json, resource, sys, time
import h5py

path, rows = sys.argv[1], open(sys.argv[2]).read().split()
with h5py.File(path) as file:
    start = time.perf_counter()
    for name in rows:
        group = file[name]
        group['label'][()], group['metadata'][()]
    index_s = time.perf_counter() - start
    start = time.perf_counter()
    for name in rows:
        (file[name]['img'][()] * 255 + 0.5).astype('u1')
    read_s = time.perf_counter() - start
peak_rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(dict(version=h5py.__version__, index_s=index_s, read_s=read_s, peak_rss_mb=peak_rss_mb)))
