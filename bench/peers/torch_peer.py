"""What PyTorch needs for the same work, as JSON lines on standard output (Debian: apt-get install python3-torch).

usage: torch_peer.py CASE [--threads N] [--repeats N] [--rows N]

mlp-epoch: one epoch of a perceptron 768-512-256-128-1 (batch norm, ReLU, dropout .5 after the first two hidden
layers), AdamW, batches of 256 in a random order, float32. Gradients are set to None between steps, as torch
does by default since 2.0. The first epoch is not timed.

finetune-vits14-98: one AdamW step on 32 images for the last two blocks, the final norm and a linear classifier of a
ViT-S/14 at 98 pixels, the other blocks frozen (no gradient is kept for them).

gemm: one product of two 2048 x 2048 matrices.
"""

import argparse
import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from vit_torch import WIDTH, Vit


def build_head(inputs, hidden, dropout):
    layers = []
    for width, rate in zip(hidden, dropout):
        layers += [nn.Linear(inputs, width), nn.BatchNorm1d(width), nn.ReLU()]
        if rate > 0:
            layers.append(nn.Dropout(rate))
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, 1))


def prepare_mlp_epoch(rows, batch=256):
    x = torch.randn(rows, 768)
    y = torch.randint(0, 2, (rows, 1)).float()
    model = build_head(768, (512, 256, 128), (0.5, 0.5, 0.0))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

    def run_epoch():
        order = torch.randperm(rows)
        for start in range(0, rows - batch + 1, batch):
            chosen = order[start : start + batch]
            optimizer.zero_grad(set_to_none=True)
            loss = binary_cross_entropy_with_logits(model(x[chosen]), y[chosen])
            loss.backward()
            optimizer.step()

    return run_epoch, "rows", rows


def prepare_finetune(_rows, batch=32, side=98):
    backbone, head = Vit(side), nn.Linear(WIDTH, 1)
    backbone.requires_grad_(False)
    trained = [*backbone.blocks[-2:].parameters(), *backbone.norm.parameters(), *head.parameters()]
    for parameter in trained:
        parameter.requires_grad_(True)
    optimizer = torch.optim.AdamW(trained, lr=1e-4)
    images = torch.randn(batch, 3, side, side)
    labels = (torch.rand(batch, 1) > 0.5).float()

    def run_step():
        optimizer.zero_grad(set_to_none=True)
        binary_cross_entropy_with_logits(head(backbone(images)), labels).backward()
        optimizer.step()

    return run_step, "patches", batch


def prepare_gemm(_rows, side=2048):
    x, y = torch.randn(side, side), torch.randn(side, side)
    return lambda: x @ y, "GFLOP", 2 * side**3 / 1e9


CASES = {"mlp-epoch": prepare_mlp_epoch, "finetune-vits14-98": prepare_finetune, "gemm": prepare_gemm}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rows", type=int, default=20000)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    work, unit, amount = CASES[options.case](options.rows)
    work()
    seconds = []
    for _ in range(options.repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds)
    line = {
        "case": options.case,
        "peer": f"pytorch {torch.__version__}",
        "threads": options.threads,
        "median_s": median,
        "best_s": min(seconds),
        "seconds": seconds,
        "unit": unit,
        "per_s": amount / median,
    }
    json.dump(line, sys.stdout)
    print()


if __name__ == "__main__":
    main()
