# Macenko and Reinhard in plain numpy at the cost of torchstain's numpy back end (same formulas, same passes over
# the same arrays, without the separate H and E images). Prints {"peer", "seconds": [...]}: one figure for each
# repeat over all patches, CPU time on one thread.
import argparse, json, time
import numpy as np

rgb2xyz = np.array([[.412453, .35758, .180423], [.212671, .71516, .072169], [.019334, .119193, .950227]])
xyz2rgb = np.linalg.inv(rgb2xyz)
white = np.array([.95047, 1, 1.08883])


def fit_macenko(image, io=255, beta=.15, alpha=1):
    density = -np.log((image.reshape(-1, 3).astype(float) + 1) / io)
    tissue = density[~np.any(density < beta, axis=1)]
    plane = np.linalg.eigh(np.cov(tissue.T))[1][:, 1:3]
    shadow = tissue.dot(plane)
    angles = np.arctan2(shadow[:, 1], shadow[:, 0])
    ends = [plane.dot([np.cos(a), np.sin(a)]) for a in (np.percentile(angles, alpha), np.percentile(angles, 100 - alpha))]
    stains = np.array(sorted(ends, key=lambda v: -v[0])).T
    amounts = np.linalg.lstsq(stains, density.T, rcond=None)[0]
    return stains, amounts, np.array([np.percentile(amounts[0], 99), np.percentile(amounts[1], 99)])


def macenko(image, target, io=255):
    stains, amounts, strength = fit_macenko(image, io)
    out = io * np.exp(-target[0].dot(amounts / (strength / target[2])[:, None]))
    out[out > 255] = 255
    return out.T.reshape(image.shape).astype(np.uint8)


def to_lab(image):
    rgb = image.astype(np.float32) / 255
    high = rgb > .04045
    rgb[high] = np.power((rgb[high] + .055) / 1.055, 2.4)
    rgb[~high] /= 12.92
    xyz = np.dot(rgb, rgb2xyz.T.astype(np.float32)) / white
    high = xyz > .008856
    xyz[high] = np.cbrt(xyz[high])
    xyz[~high] = 7.787 * xyz[~high] + 16 / 116
    x, y, z = xyz[..., 0], xyz[..., 1], xyz[..., 2]
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)]


def fit_reinhard(image):
    lab = to_lab(image)
    return lab, [c.mean() for c in lab], [c.std() for c in lab]


def reinhard(image, target):
    lab, means, spreads = fit_reinhard(image)
    l, a, b = [(c - m) / s * t + n for c, m, s, t, n in zip(lab, means, spreads, target[2], target[1])]
    y = (l + 16) / 116
    out = np.stack([a / 500 + y, y, y - b / 200], axis=-1).astype(np.float32)
    high = out > .2068966
    out[high] = np.power(out[high], 3)
    out[~high] = (out[~high] - 16 / 116) / 7.787
    rgb = np.dot(out * white.astype(np.float32), xyz2rgb.T)
    high = rgb > .0031308
    rgb[high] = 1.055 * np.power(rgb[high], 1 / 2.4) - .055
    rgb[~high] *= 12.92
    return (np.clip(rgb, 0, 1) * 255).astype(np.uint8)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--file")
    parser.add_argument("--side", type=int)
    parser.add_argument("--method", choices=["macenko", "reinhard"])
    parser.add_argument("--repeats", type=int)
    given = parser.parse_args()
    images = np.fromfile(given.file, np.uint8).reshape(-1, given.side, given.side, 3)
    fit, apply = (fit_macenko, macenko) if given.method == "macenko" else (fit_reinhard, reinhard)
    target = fit(images[0])
    apply(images[0], target)
    seconds = []
    for _ in range(given.repeats):
        began = time.process_time()
        for image in images:
            apply(image, target)
        seconds.append(time.process_time() - began)
    print(json.dumps({"peer": f"numpy {np.__version__}", "seconds": seconds}))


main()
