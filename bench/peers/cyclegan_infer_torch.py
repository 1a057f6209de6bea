"""CycleGAN's residual generator in use in PyTorch, as a JSON line (Debian: apt-get install python3-torch).

usage: cyclegan_infer_torch.py [--threads N] [--repeats N] [--side N] [--width N] [--blocks N] [--images N]
"""

import argparse
import json
import time

import torch

from cyclegan_torch import generator

parser = argparse.ArgumentParser()
defaults = {"threads": 1, "repeats": 3, "side": 96, "width": 64, "blocks": 9, "images": 4}
for name, value in defaults.items():
    parser.add_argument(f"--{name}", type=int, default=value)
options = parser.parse_args()
torch.set_num_threads(options.threads)
net = generator(options.width, options.blocks).eval()
images = torch.rand(options.images, 3, options.side, options.side) * 2 - 1
seconds = []
with torch.inference_mode():
    for _ in range(options.repeats + 1):
        start = time.perf_counter()
        net(images)
        seconds.append(time.perf_counter() - start)
print(json.dumps({"peer": f"pytorch {torch.__version__}", "seconds": seconds[1:]}))
