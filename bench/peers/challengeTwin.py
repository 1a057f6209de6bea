"""The steps of bench/challengeTwin.ts in plain Python: h5py, NumPy and PyTorch (Debian: python3-h5py, python3-torch).

usage: challengeTwin.py DATA --weights DIR --reference ID --epochs N --batch N --out FILE.csv [--threads N] [--check DIR]

DATA holds train.h5, val.h5 and test.h5 in the challenge's layout. Patches are filtered (black bars, one colour, glass,
copies), brought to the stains of a reference patch by Macenko's method (torchstain's formula, io 255, beta .15),
embedded by a ViT-S/14 at 98 pixels and classified by a perceptron, whose probabilities for val and test are written.
"""

import argparse
import copy
import csv
import os

import h5py
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from vit_torch import Vit

SIDE = 98
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
DENSITY = -np.log((np.arange(256) + 1.0) / 255)


def read_split(path):
    """Ids, patches [count, 96, 96, 3] in bytes, and labels, by the number of their group."""
    with h5py.File(path, "r") as file:
        ids = sorted(file, key=int)
        patches = np.empty((len(ids), 96, 96, 3), np.uint8)
        for row, name in enumerate(ids):
            patches[row] = np.rint(file[name]["img"][()] * 255).transpose(1, 2, 0)
        labels = np.array([file[name]["label"][()] for name in ids])
    return ids, patches, labels


def is_fit(patch):
    if np.count_nonzero(patch == 0) > 200:
        return False
    if np.all(patch.max(axis=(0, 1)) == patch.min(axis=(0, 1))):
        return False
    return np.mean(np.all(patch >= 235, axis=2)) < 0.98


def choose_rows(patches, labels):
    """Rows that pass the filter: one of several copies, none where copies have different labels."""
    rows_of = {}
    for row, patch in enumerate(patches):
        if is_fit(patch):
            rows_of.setdefault(patch.tobytes(), []).append(row)
    return sorted(rows[0] for rows in rows_of.values() if len(set(labels[rows])) == 1)


def fit_stains(density, alpha=1, beta=0.15):
    """Stain vectors [3, 2], concentrations [2, pixels] and their 99th percentiles of densities [pixels, 3]."""
    tissue = density[np.all(density >= beta, axis=1)]
    axes = np.linalg.eigh(np.cov(tissue.T))[1][:, 1:]
    shadow = tissue @ axes
    low, high = np.percentile(np.arctan2(shadow[:, 1], shadow[:, 0]), [alpha, 100 - alpha])
    first, second = (axes @ [np.cos(angle), np.sin(angle)] for angle in (low, high))
    stains = np.stack([first, second] if first[0] > second[0] else [second, first], axis=1)
    amounts = np.linalg.pinv(stains) @ density.T
    return stains, amounts, np.percentile(amounts, 99, axis=1)


def normalise(patch, target):
    """The patch in the stains of the target; as it is where it has no stains of its own."""
    target_stains, _, target_strength = target
    try:
        _, amounts, strength = fit_stains(DENSITY[patch.reshape(-1, 3)])
    except np.linalg.LinAlgError:
        return patch
    if not np.all(np.isfinite(strength)) or np.any(strength == 0):
        return patch
    restained = 255 * np.exp(-target_stains @ (amounts * (target_strength / strength)[:, None]))
    return np.minimum(restained, 255).astype(np.uint8).T.reshape(patch.shape)


def load_network(folder):
    network = Vit(SIDE)
    state = {name[:-4]: torch.from_numpy(np.load(os.path.join(folder, name))) for name in os.listdir(folder)}
    # The positions of 37 x 37 tokens, as DINOv2's code brings them to 7 x 7.
    grid = state["positions"][:, 1:].reshape(1, 37, 37, -1).permute(0, 3, 1, 2)
    scale = (SIDE / 14 + 0.1) / 37
    grid = F.interpolate(grid, scale_factor=(scale, scale), mode="bicubic").flatten(2).transpose(1, 2)
    state["positions"] = torch.cat([state["positions"][:, :1], grid], dim=1)
    network.load_state_dict(state)
    return network.eval()


def embed(patches, target, network, batch=32):
    """Embeddings [count, 384] of the normalised patches, and the first 64 of those."""
    rows, shown = [], []
    with torch.inference_mode():
        for start in range(0, len(patches), batch):
            stained = np.stack([normalise(patch, target) for patch in patches[start : start + batch]])
            images = torch.from_numpy(stained).permute(0, 3, 1, 2).float() / 255
            images = F.interpolate(images, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
            rows.append(network((images - MEAN) / DEVIATION))
            if start < 64:
                shown.append(stained)
    return torch.cat(rows), np.concatenate(shown)[:64]


def build_head(inputs):
    layers = []
    for width, dropout in ((512, 0.5), (256, 0.5), (128, 0)):
        layers += [nn.Linear(inputs, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout)]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, 1))


def train_head(train, val, epochs, batch):
    """The head after the epoch with the lowest loss on val."""
    (x, y), best, best_loss = train, None, float("inf")
    head = build_head(x.shape[1])
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=0.01)
    batch = min(batch, len(x))
    for _ in range(epochs):
        head.train()
        order = torch.randperm(len(x))
        for start in range(0, len(x) - batch + 1, batch):
            rows = order[start : start + batch]
            optimizer.zero_grad(set_to_none=True)
            F.binary_cross_entropy_with_logits(head(x[rows])[:, 0], y[rows]).backward()
            optimizer.step()
        head.eval()
        with torch.inference_mode():
            loss = F.binary_cross_entropy_with_logits(head(val[0])[:, 0], val[1]).item()
        if loss < best_loss:
            best, best_loss = copy.deepcopy(head), loss
    return best


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--weights", required=True)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--out", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--check")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    network = load_network(options.weights)
    splits, target = {}, None
    for name in ("train", "val", "test"):
        ids, patches, labels = read_split(os.path.join(options.data, f"{name}.h5"))
        if target is None:
            reference = patches[ids.index(options.reference)]
            target = fit_stains(DENSITY[reference.reshape(-1, 3)])
        if name != "test":
            kept = choose_rows(patches, labels)
            ids, patches, labels = [ids[row] for row in kept], patches[kept], labels[kept]
        x, shown = embed(patches, target, network)
        splits[name] = ids, x, torch.from_numpy(labels).float()
    if options.check:
        np.save(os.path.join(options.check, "pixels.npy"), shown)
        np.save(os.path.join(options.check, "embeddings.npy"), splits["test"][1].numpy())
    mean, deviation = splits["train"][1].mean(0), splits["train"][1].std(0, unbiased=False)
    rows = {name: ((x - mean) / deviation, y) for name, (_, x, y) in splits.items()}
    head = train_head(rows["train"], rows["val"], options.epochs, options.batch)
    with open(options.out, "w", newline="") as file, torch.inference_mode():
        writer = csv.writer(file)
        writer.writerow(["split", "id", "label", "probability"])
        for name in ("val", "test"):
            ids, _, y = splits[name]
            probabilities = head(rows[name][0])[:, 0].sigmoid().tolist()
            writer.writerows(zip([name] * len(ids), ids, y.int().tolist(), probabilities))


if __name__ == "__main__":
    main()
