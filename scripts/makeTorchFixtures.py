"""Makes the checkpoints of fixtures/torch/ that training scripts would save. Needs PyTorch (Debian: python3-torch).

    python3 scripts/makeTorchFixtures.py fixtures/torch

Values are small whole numbers and halves, so that tests can state them.
"""

import argparse
import collections
import enum
import pathlib
import pickle
import struct
import sys
import types

import numpy as np
import torch

folder = pathlib.Path(sys.argv[1])


def declare(*classes):
    """Gives classes a module of which no Python that loads them knows anything."""
    module = types.ModuleType('training_code')
    sys.modules['training_code'] = module
    for each in classes:
        each.__module__ = 'training_code'
        setattr(module, each.__name__, each)


class Phase(enum.Enum):
    TRAIN = 'train'


class StateDict(collections.OrderedDict):
    pass


class Config:
    """Like omegaconf's containers: attributes of other classes, and a cycle."""

    def __init__(self):
        self._content = {'lr': 0.1, 'layers': [1, 2]}
        self._parent = {'me': self}


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        # No module of PyTorch's: the older format writes the source of each class into the file.
        self.weight = torch.nn.Parameter(torch.zeros(2))


class Codes(torch.Tensor):
    """A subclass of tensors: what its values mean is known to its own code."""


declare(Phase, StateDict, Config, Net, Codes)


def halves(*shape, start=0.0):
    count = int(np.prod(shape))
    return (torch.arange(count, dtype=torch.float32) / 2 + start).reshape(shape)


def backbone(start):
    return collections.OrderedDict(
        [('module.backbone.cls_token', halves(1, 1, 2, start=start)), ('module.head.weight', halves(2, start=start))]
    )


# What DINO's main_dino.py saves: two networks, an optimiser, options, the center of its loss.
parameter = torch.nn.Parameter(halves(2))
optimizer = torch.optim.AdamW([parameter])
parameter.sum().backward()
optimizer.step()
dino = {
    'student': backbone(start=10),
    'teacher': backbone(start=20),
    'optimizer': optimizer.state_dict(),
    'epoch': 3,
    'args': argparse.Namespace(lr=5e-4, output_dir=pathlib.PosixPath('/runs/1'), arch='vit_small'),
    'dino_loss': collections.OrderedDict([('center', halves(1, 2))]),
}
torch.save(dino, folder / 'dino.pt')

# All that people save beside a state dict, which is itself of a subclass.
state = StateDict([('weight', halves(2, 3)), ('bias', torch.nn.Parameter(halves(3).half()))])
state._metadata = collections.OrderedDict([('', {'version': 1})])
beside = {
    'model': state,
    'phase': Phase.TRAIN,
    'best': np.float64(0.5),
    'history': np.arange(3),
    'config': Config(),
    'counts': collections.Counter('aab'),
    'defaults': collections.defaultdict(list, a=[1]),
    'kinds': {'x', 'y'},
    'shape': torch.Size([2, 3]),
    'device': torch.device('cpu'),
    'dtype': torch.float16,
}
for protocol in (2, 4):
    torch.save(beside, folder / f'beside_{protocol}.pt', pickle_protocol=protocol)

# Before 1.6, with views, strides and a storage that several tensors share.
base = halves(4, 3)
older = collections.OrderedDict(
    [
        ('whole', base),
        ('row', base[2]),
        ('transposed', base.t()),
        ('column', base[1:, 1]),
        ('alone', torch.arange(3)),
        ('phase', torch.complex(halves(2), halves(2))),
        ('half', halves(2).half()),
        ('empty', torch.zeros(0, 4)),
    ]
)
older_file = {'state_dict': older, 'args': argparse.Namespace(lr=0.1)}
torch.save(older_file, folder / 'legacy_views.pt', _use_new_zipfile_serialization=False)

# Whole modules, alone and within a dict.
torch.save(Net(), folder / 'module.pt')
torch.save({'model': Net(), 'epoch': 1}, folder / 'legacy_module.pt', _use_new_zipfile_serialization=False)

# Tensors that only their own code can make, beside one that anybody can.
refused = {
    'weight': halves(2),
    'sparse': halves(2, 2).to_sparse(),
    'quantized': torch.quantize_per_tensor(halves(2), 0.5, 0, torch.qint8),
    'codes': halves(2).as_subclass(Codes),
    'complex': torch.complex(halves(2), halves(2)),
}
torch.save(refused, folder / 'refused.pt')


# Before 0.4 a storage could be a part of another one; no PyTorch of today writes that.
class PersistentId:
    def __init__(self, value):
        self.value = value


class LegacyPickler(pickle._Pickler):
    def persistent_id(self, value):
        return value.value if isinstance(value, PersistentId) else None


part = PersistentId(('storage', torch.FloatStorage, '7', 'cpu', 6, ('8', 2, 4)))


class Rebuilt:
    def __reduce__(self):
        return torch._utils._rebuild_tensor_v2, (part, 1, (3,), (1,), False, collections.OrderedDict())


with open(folder / 'legacy_part.pt', 'wb') as file:
    for value in (0x1950A86A20F9469CFC6C, 1001, {'little_endian': True}):
        pickle.dump(value, file, protocol=2)
    LegacyPickler(file, protocol=2).dump({'weight': Rebuilt()})
    pickle.dump(['7'], file, protocol=2)
    file.write(struct.pack('<q6f', 6, 0, 1, 2, 3, 4, 5))
