"""Images a second of a ViT-S/14 (DINOv2's layout, random weights) in PyTorch, as a JSON line on standard output.

usage: vit_torch.py [--side 98] [--batch 32] [--threads 1] [--repeats 5]

Class token of images [batch, 3, side, side] that are ready as float32; inference mode; scaled_dot_product_attention
where this PyTorch has it, else its definition. The first run is not timed.
"""

import argparse
import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

WIDTH, DEPTH, HEADS, PATCH = 384, 12, 6, 14


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH, eps=1e-6)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.proj = nn.Linear(WIDTH, WIDTH)
        self.scale1 = nn.Parameter(torch.ones(WIDTH))
        self.norm2 = nn.LayerNorm(WIDTH, eps=1e-6)
        self.fc1 = nn.Linear(WIDTH, 4 * WIDTH)
        self.fc2 = nn.Linear(4 * WIDTH, WIDTH)
        self.scale2 = nn.Parameter(torch.ones(WIDTH))

    def attend(self, x):
        batch, count, _ = x.shape
        q, k, v = self.qkv(x).reshape(batch, count, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        if hasattr(F, "scaled_dot_product_attention"):
            mixed = F.scaled_dot_product_attention(q, k, v)
        else:
            mixed = ((q * (WIDTH // HEADS) ** -0.5) @ k.transpose(-2, -1)).softmax(dim=-1) @ v
        return self.proj(mixed.transpose(1, 2).reshape(batch, count, WIDTH))

    def forward(self, x):
        x = x + self.scale1 * self.attend(self.norm1(x))
        return x + self.scale2 * self.fc2(F.gelu(self.fc1(self.norm2(x))))


class Vit(nn.Module):
    def __init__(self, side):
        super().__init__()
        self.cut = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.positions = nn.Parameter(torch.randn(1, 1 + (side // PATCH) ** 2, WIDTH) * 0.02)
        self.blocks = nn.Sequential(*(Block() for _ in range(DEPTH)))
        self.norm = nn.LayerNorm(WIDTH, eps=1e-6)

    def forward(self, images):
        patches = self.cut(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(images), -1, -1), patches], dim=1) + self.positions
        return self.norm(self.blocks(x))[:, 0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--side", type=int, default=98)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = Vit(options.side).eval()
    images = torch.randn(options.batch, 3, options.side, options.side)
    seconds = []
    with torch.inference_mode():
        model(images)
        for _ in range(options.repeats):
            start = time.perf_counter()
            model(images)
            seconds.append(time.perf_counter() - start)
    line = {
        "peer": f"pytorch {torch.__version__}",
        "seconds": [second / options.batch for second in seconds],
        "median_s": statistics.median(seconds) / options.batch,
    }
    json.dump(line, sys.stdout)
    print()


if __name__ == "__main__":
    main()
