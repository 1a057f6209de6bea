# The same kinds of figures as Eosin's texture, by scikit-image and NumPy: density and hematoxylin, the whole patch
# and its central 32 x 32; moments and quantiles, uniform LBP of three radii, GLCM of three distances and four
# angles, a radial spectrum. Prints {"peer", "seconds": [...]}: one figure for each repeat over all patches.
import argparse, json, multiprocessing, time
import numpy as np, skimage
from skimage.color import rgb2hed
from skimage.feature import graycomatrix, graycoprops, local_binary_pattern

names = ("contrast", "dissimilarity", "homogeneity", "energy", "correlation")
window = np.outer(np.hanning(64), np.hanning(64))
frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(64), np.fft.fftfreq(64)))
ring = np.clip((np.log2(np.maximum(frequency, 1e-9) * 64) / 5 * 10).astype(int), 0, 9).ravel()

def measure(patch):
    gray = patch @ np.array([0.299, 0.587, 0.114])
    density = -np.log(np.maximum(gray, 1) / 255)
    hematoxylin = rgb2hed(patch)[..., 0] * 10
    row = []
    for plane in (density, hematoxylin):
        levels = np.clip(plane * 100, 0, 255).astype(np.uint8)
        start = (len(patch) - 32) // 2
        for part in (levels, levels[start:start + 32, start:start + 32]):
            values = part.astype(float).ravel()
            centred = values - values.mean()
            sd = values.std() + 1
            share = np.bincount(part.ravel(), minlength=256) / part.size
            row += [values.mean(), sd, (centred**3).mean() / sd**3, (centred**4).mean() / sd**4]
            row += list(np.percentile(values, [5, 25, 50, 75, 95])) + [-(share[share > 0] * np.log2(share[share > 0])).sum()]
            for radius in (1, 2, 4):
                codes = local_binary_pattern(part, 8, radius, "uniform").astype(int)
                row += list(np.bincount(codes.ravel(), minlength=10) / part.size)
            pairs = graycomatrix(part >> 4, [1, 2, 4], [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4], 16, True, True)
            for name in names:
                row += list(graycoprops(pairs, name).mean(axis=1))
        top = (len(patch) - 64) // 2
        middle = levels[top:top + 64, top:top + 64].astype(float)
        power = np.abs(np.fft.fft2((middle - middle.mean()) * window)) ** 2
        row += list(np.log10(np.bincount(ring, power.ravel(), 10) + 1))
    return row

parser = argparse.ArgumentParser()
parser.add_argument("--file")
parser.add_argument("--side", type=int)
parser.add_argument("--threads", type=int)
parser.add_argument("--repeats", type=int)
options = parser.parse_args()
patches = np.fromfile(options.file, np.uint8).reshape(-1, options.side, options.side, 3)
seconds = []
with multiprocessing.Pool(options.threads) as pool:
    pool.map(measure, patches[:8])
    for _ in range(options.repeats):
        began = time.perf_counter()
        pool.map(measure, patches, chunksize=16)
        seconds.append(time.perf_counter() - began)
print(json.dumps({"peer": f"scikit-image {skimage.__version__}", "seconds": seconds}))
