"""One CycleGAN optimisation step in PyTorch, as a JSON line (Debian: apt-get install python3-torch).

usage: cyclegan_torch.py [--threads N] [--repeats N] [--side N] [--width N] [--blocks N]

Two residual generators and two PatchGAN discriminators, batch 1, least squares, cycle and identity losses, Adam:
forward, the generators' step, then the discriminators'. The first step is not timed.
"""

import argparse
import itertools
import json
import resource
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn.functional import l1_loss, mse_loss


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        layers = []
        for last in (False, True):
            layers += [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), nn.InstanceNorm2d(width)]
            if not last:
                layers.append(nn.ReLU(True))
        self.inner = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.inner(x)


def generator(width, blocks):
    def norm(channels):
        return [nn.InstanceNorm2d(channels), nn.ReLU(True)]

    layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7), *norm(width)]
    for factor in (1, 2):
        wide = 2 * factor * width
        layers += [nn.Conv2d(factor * width, wide, 3, 2, 1), *norm(wide)]
    layers += [Residual(4 * width) for _ in range(blocks)]
    for factor in (4, 2):
        thin = factor * width // 2
        layers += [nn.ConvTranspose2d(factor * width, thin, 3, 2, 1, 1), *norm(thin)]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())


def discriminator(width=64):
    layers = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2, True)]
    for i in range(3):
        wide = width * 2**i
        layers += [nn.Conv2d(wide, 2 * wide, 4, 2 if i < 2 else 1, 1), nn.InstanceNorm2d(2 * wide)]
        layers.append(nn.LeakyReLU(0.2, True))
    return nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 1))


def judge(scores, is_real):
    return mse_loss(scores, torch.full_like(scores, float(is_real)))


def prepare_step(side, width, blocks):
    g_a, g_b = generator(width, blocks), generator(width, blocks)
    d_a, d_b = discriminator(), discriminator()
    both_g = list(itertools.chain(g_a.parameters(), g_b.parameters()))
    both_d = list(itertools.chain(d_a.parameters(), d_b.parameters()))
    optimizer_g = torch.optim.Adam(both_g, lr=2e-4, betas=(0.5, 0.999))
    optimizer_d = torch.optim.Adam(both_d, lr=2e-4, betas=(0.5, 0.999))
    real_a, real_b = torch.rand(1, 3, side, side) * 2 - 1, torch.rand(1, 3, side, side) * 2 - 1

    def step():
        fake_b, fake_a = g_a(real_a), g_b(real_b)
        cycles = l1_loss(g_b(fake_b), real_a) + l1_loss(g_a(fake_a), real_b)
        identities = l1_loss(g_a(real_b), real_b) + l1_loss(g_b(real_a), real_a)
        for parameter in both_d:
            parameter.requires_grad_(False)
        optimizer_g.zero_grad(set_to_none=True)
        adversarial = judge(d_a(fake_b), True) + judge(d_b(fake_a), True)
        (adversarial + 10 * cycles + 5 * identities).backward()
        optimizer_g.step()
        for parameter in both_d:
            parameter.requires_grad_(True)
        optimizer_d.zero_grad(set_to_none=True)
        for judged, real, fake in ((d_a, real_b, fake_b), (d_b, real_a, fake_a)):
            loss = 0.5 * (judge(judged(real), True) + judge(judged(fake.detach()), False))
            loss.backward()
        optimizer_d.step()

    return step


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--blocks", type=int, default=9)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    step = prepare_step(options.side, options.width, options.blocks)
    step()
    seconds = []
    for _ in range(options.repeats):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    line = {
        "case": "cyclegan-step-96",
        "peer": f"pytorch {torch.__version__}",
        "threads": options.threads,
        "seconds": seconds,
        "median_s": statistics.median(seconds),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    json.dump(line, sys.stdout)
    print()


if __name__ == "__main__":
    main()
