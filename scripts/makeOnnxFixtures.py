"""Writes fixtures/onnx: small networks of random weights as PyTorch 1.13 exports them, in the forms that published
models have. Usage: python3 scripts/makeOnnxFixtures.py fixtures/onnx"""

import torch, torch.nn as nn, torch.nn.functional as F, sys, os

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
torch.manual_seed(0)


class Attn(nn.Module):
    def __init__(s, d, h, fused=True):
        super().__init__()
        s.h = h
        s.qkv = nn.Linear(d, 3 * d)
        s.proj = nn.Linear(d, d)

    def forward(s, x):
        B, N, C = x.shape
        qkv = s.qkv(x).reshape(B, N, 3, s.h, C // s.h).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        a = (q * (C // s.h) ** -0.5) @ k.transpose(-2, -1)
        x = (a.softmax(-1) @ v).transpose(1, 2).reshape(B, N, C)
        return s.proj(x)


class Block(nn.Module):
    def __init__(s, d, h):
        super().__init__()
        s.n1 = nn.LayerNorm(d, eps=1e-6)
        s.a = Attn(d, h)
        s.n2 = nn.LayerNorm(d, eps=1e-6)
        s.f1 = nn.Linear(d, 2 * d)
        s.f2 = nn.Linear(2 * d, d)
        s.g = nn.Parameter(torch.ones(d) * 0.5)

    def forward(s, x):
        x = x + s.g * s.a(s.n1(x))
        return x + s.f2(F.gelu(s.f1(s.n2(x))))


class Vit(nn.Module):
    """like timm's: class token, position embedding"""

    def __init__(s, d=16, side=28, p=7, depth=2):
        super().__init__()
        s.e = nn.Conv2d(3, d, p, p)
        n = (side // p) ** 2
        s.cls = nn.Parameter(torch.randn(1, 1, d) * 0.1)
        s.pos = nn.Parameter(torch.randn(1, n + 1, d) * 0.1)
        s.b = nn.ModuleList([Block(d, 2) for _ in range(depth)])
        s.norm = nn.LayerNorm(d)

    def forward(s, x):
        B = x.shape[0]
        x = s.e(x).flatten(2).transpose(1, 2)
        x = torch.cat([s.cls.expand(B, -1, -1), x], 1) + s.pos
        for b in s.b:
            x = b(x)
        return s.norm(x)[:, 0]


class HfVit(nn.Module):
    """like transformers': view by size, sdpa scale, interpolated positions, pooled mean"""

    def __init__(s, d=16, side=28, p=7):
        super().__init__()
        s.e = nn.Conv2d(3, d, p, p)
        s.p = p
        s.g = side // p
        s.d = d
        s.cls = nn.Parameter(torch.randn(1, 1, d) * 0.1)
        s.pos = nn.Parameter(torch.randn(1, 17, d) * 0.1)
        s.q = nn.Linear(d, d)
        s.k = nn.Linear(d, d)
        s.v = nn.Linear(d, d)
        s.n = nn.LayerNorm(d)
        s.act = nn.SiLU()
        s.w = nn.Linear(d, 2 * d)
        s.o = nn.Linear(d, d)

    def heads(s, x):
        return x.view(x.size()[:-1] + (2, s.d // 2)).permute(0, 2, 1, 3)

    def forward(s, x):
        b, c, h, w = x.shape
        pos = s.pos[:, 1:].reshape(1, 4, 4, s.d).permute(0, 3, 1, 2)
        pos = (
            F.interpolate(pos, size=(h // s.p, w // s.p), mode="bicubic", align_corners=False)
            .permute(0, 2, 3, 1)
            .view(1, -1, s.d)
        )
        x = s.e(x).flatten(2).transpose(1, 2)
        x = torch.cat((s.cls.expand(b, -1, -1), x + pos), dim=1)
        y = s.n(x)
        q, k, v = s.heads(s.q(y)), s.heads(s.k(y)), s.heads(s.v(y))
        a = torch.matmul(q, k.transpose(-1, -2)) / torch.sqrt(torch.tensor(q.size(-1), dtype=torch.float32))
        z = torch.matmul(a.softmax(-1), v).permute(0, 2, 1, 3).contiguous()
        z = z.view(z.size()[:-2] + (s.d,))
        x = x + z
        u, g = s.w(x).chunk(2, -1)
        x = x + s.o(s.act(u) * g)
        return x, x[:, 1:].mean(1)


class Cnn(nn.Module):
    """like torchvision's residual networks"""

    def __init__(s):
        super().__init__()
        s.c1 = nn.Conv2d(3, 8, 7, 2, 3, bias=False)
        s.b1 = nn.BatchNorm2d(8)
        s.mp = nn.MaxPool2d(3, 2, 1)
        s.c2 = nn.Conv2d(8, 8, 3, 1, 1, groups=4)
        s.b2 = nn.BatchNorm2d(8)
        s.c3 = nn.Conv2d(8, 16, 1, 2)
        s.gn = nn.GroupNorm(4, 16)
        s.inn = nn.InstanceNorm2d(16, affine=True)
        s.ap = nn.AvgPool2d(3, 2, 1, count_include_pad=False, ceil_mode=True)
        s.up = nn.ConvTranspose2d(16, 8, 4, 2, 1)
        s.pr = nn.PReLU(8)
        s.fc = nn.Linear(8, 5)
        for b in (s.b1, s.b2):
            b.running_mean.normal_(0, 0.1)
            b.running_var.uniform_(0.5, 2)
            b.weight.data.uniform_(0.5, 1.5)
            b.bias.data.normal_()

    def forward(s, x):
        x = s.mp(F.relu(s.b1(s.c1(x))))
        x = x + F.leaky_relu(s.b2(s.c2(x)), 0.1)
        x = F.hardswish(s.gn(s.c3(x)))
        x = F.elu(s.inn(s.ap(x)))
        x = s.pr(s.up(x))
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = F.pad(x, (1, 2, 0, 1), mode="reflect")
        x = F.pad(x, (1, 0, 0, 1), value=0.5)
        x = F.adaptive_avg_pool2d(x, 1).flatten(1)
        return s.fc(torch.clamp(x, -3, 3))


class Swin(nn.Module):
    """shifted windows: rolls, slices of steps, windows joined with the batch"""

    def __init__(s, d=12):
        super().__init__()
        s.e = nn.Conv2d(3, d, 4, 4)
        s.a = Attn(d, 3)
        s.n = nn.LayerNorm(d)
        s.r = nn.Linear(4 * d, 2 * d)

    def forward(s, x):
        x = s.e(x).permute(0, 2, 3, 1)
        B, H, W, C = x.shape
        y = (
            torch.roll(x, (-2, -2), (1, 2))
            .view(B, H // 4, 4, W // 4, 4, C)
            .permute(0, 1, 3, 2, 4, 5)
            .reshape(-1, 16, C)
        )
        y = s.a(s.n(y)).view(-1, 4, 4, C)
        y = y.view(B, H // 4, W // 4, 4, 4, C).permute(0, 1, 3, 2, 4, 5).reshape(B, H, W, C)
        x = x + torch.roll(y, (2, 2), (1, 2))
        x = torch.cat([x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]], -1)
        x = s.r(x)
        return x.flatten(1, 2).mean(1), F.normalize(x.amax((1, 2)))


class Mlp(nn.Module):
    def __init__(s):
        super().__init__()
        s.l = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 4), nn.Sigmoid(), nn.Linear(4, 3))

    def forward(s, x):
        return F.log_softmax(s.l(x), -1), s.l(x).softmax(-1)


def save(name, m, x, opset, names=("y",), dyn=True, **k):
    for w in m.parameters():
        w.data += 0.05 * torch.randn_like(w)  # equal arrays would be written once
    m.eval()
    p = f"{out}/{name}.onnx"
    torch.onnx.export(
        m,
        x,
        p,
        opset_version=opset,
        input_names=["x"],
        output_names=list(names),
        dynamic_axes={"x": {0: "batch"}, **{n: {0: "batch"} for n in names}} if dyn else None,
        **k,
    )
    print(name, os.path.getsize(p))


x = torch.randn(2, 3, 28, 28)
save("vit_timm_11", Vit(), x, 11)
save("vit_timm_17", Vit(), x, 17)
save("vit_fixed_14", Vit(), x, 14, dyn=False, do_constant_folding=False)
save("vit_transformers_16", HfVit(), x, 16, ("tokens", "mean"))
save("vit_transformers_12", HfVit(), torch.randn(1, 3, 42, 35), 12, ("tokens", "mean"))
x = torch.randn(2, 3, 32, 32)
save("cnn_11", Cnn(), x, 11)
save("cnn_17", Cnn(), x, 17, do_constant_folding=False)
save(
    "cnn_train_9",
    nn.Sequential(
        nn.Conv2d(3, 4, 3, 2),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.Upsample(scale_factor=2),
        nn.Flatten(),
        nn.Linear(4 * 16 * 16, 3),
    ),
    x,
    9,
    training=torch.onnx.TrainingMode.PRESERVE,
)
save("swin_13", Swin(), x, 13, ("mean", "largest"))
save("mlp_8", Mlp(), torch.randn(3, 6), 8, ("log", "p"))
