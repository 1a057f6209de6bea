import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { DataError, sizeOf, WeightsError } from '../../src/base/index.ts'
import { openTorchPickle } from '../../src/files/torchPickle.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-torch-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function readAll(path: string) {
  const file = await openTorchPickle(path)
  const read: Record<string, { dtype: string; shape: readonly number[]; values: unknown[] }> = {}
  for (const name of file.tensors.keys()) {
    const { dtype, shape, data } = await file.read(name)
    read[name] = { dtype, shape, values: Array.from(data as Float32Array) }
  }
  await file.close()
  return read
}

describe('a torch.save file', () => {
  it('gives each tensor row-major, whatever its strides, storage and dtype', async () => {
    const tensors = await readAll('fixtures/torch/state_dict.pt')
    expect(tensors).toEqual({
      weight: { dtype: 'f32', shape: [2, 3], values: [-0.5, -0.25, 0, 0.25, 0.5, 0.75] },
      transposed: { dtype: 'f32', shape: [3, 2], values: [-0.5, 0.25, -0.25, 0.5, 0, 0.75] },
      row: { dtype: 'f32', shape: [3], values: [0.25, 0.5, 0.75] },
      every_second: { dtype: 'f64', shape: [2, 3], values: [1, 3, 5, 7, 9, 11] },
      shared: { dtype: 'f64', shape: [3], values: [4, 5, 6] },
      half: { dtype: 'f32', shape: [4], values: [1.5, -2, 65504, 2 ** -24] },
      brain: { dtype: 'f32', shape: [3], values: [1.5, -3.25, expect.closeTo(1.0002e30, -27)] },
      count: { dtype: 'i64', shape: [], values: [7n] },
      short: { dtype: 'i32', shape: [2], values: [-5, 300] },
      mask: { dtype: 'bool', shape: [2], values: [1, 0] },
      expanded: { dtype: 'f32', shape: [2, 3], values: [2, 2, 2, 2, 2, 2] },
      empty: { dtype: 'f32', shape: [0, 4], values: [] },
    })
  })

  it('says where a tensor lies that can be used in place', async () => {
    const path = 'fixtures/torch/state_dict.pt'
    const file = await openTorchPickle(path)
    const bytes = readFileSync(path)
    const placed: string[] = []
    for (const [name, { stored, shape }] of file.tensors) {
      const offset = await file.place(name)
      if (offset === null || stored !== 'f32') continue
      const values = new Uint8Array(bytes.subarray(offset, offset + 4 * sizeOf(shape)))
      expect(new Float32Array(values.buffer)).toEqual((await file.read(name)).data)
      placed.push(name)
    }
    expect(placed).toEqual(['weight', 'row', 'empty'])
    expect(await file.place('transposed')).toBe(null)
    await file.close()
  })

  it('says how each tensor is stored without reading it', async () => {
    const file = await openTorchPickle('fixtures/torch/state_dict.pt')
    expect(file.tensors.get('brain')).toEqual({ stored: 'bf16', dtype: 'f32', shape: [3] })
    await expect(file.read('absent')).rejects.toThrow(/expected a tensor 'absent'/)
    await file.close()
  })

  it('finds the state dict inside what a training script saved', async () => {
    expect(await readAll('fixtures/torch/nested.pt')).toEqual({
      weight: { dtype: 'f32', shape: [1, 2], values: [1, 2] },
      bias: { dtype: 'f32', shape: [1], values: [3] },
    })
  })

  it('runs nothing of a pickle that would run a command, and names what it would have run', async () => {
    rmSync('/tmp/eosin-pickle-was-run', { force: true })
    const file = await openTorchPickle('fixtures/torch/malicious.pt')
    expect(file.foreign).toEqual(['posix.system'])
    expect((await file.read('weight')).data).toEqual(Float32Array.of(1, 1))
    await file.close()
    expect(existsSync('/tmp/eosin-pickle-was-run')).toBe(false)
  })

  it.each([
    2, 4,
  ])('reads the weights beside anything else that Python can save, protocol %s', async (protocol) => {
    const path = `fixtures/torch/beside_${protocol}.pt`
    expect(await readAll(path)).toEqual({
      weight: { dtype: 'f32', shape: [2, 3], values: [0, 0.5, 1, 1.5, 2, 2.5] },
      bias: { dtype: 'f32', shape: [3], values: [0, 0.5, 1] },
    })
    const file = await openTorchPickle(path)
    expect(file.foreign).toContain('training_code.Config')
    expect(file.part).toEqual({ name: 'model', others: [] })
    await file.close()
  })

  it('takes the teacher that DINO saves beside student, optimiser and arguments', async () => {
    const teacher = await readAll('fixtures/torch/dino.pt')
    expect(teacher['module.backbone.cls_token'].values).toEqual([20, 20.5])
    const file = await openTorchPickle('fixtures/torch/dino.pt', 'student')
    expect((await file.read('module.backbone.cls_token')).data).toEqual(Float32Array.of(10, 10.5))
    expect(file.foreign).toEqual(['argparse.Namespace', 'pathlib.PosixPath'])
    await file.close()
  })

  it('names the tensors that only Python could make, and reads the others', async () => {
    const file = await openTorchPickle('fixtures/torch/refused.pt')
    expect([...file.tensors.keys()]).toEqual(['weight'])
    expect(Object.fromEntries(file.refused)).toEqual({
      sparse: 'torch._utils._rebuild_sparse_tensor',
      quantized: 'torch._utils._rebuild_qtensor',
      codes: 'training_code.Codes',
      complex: 'torch.ComplexFloatStorage',
    })
    await file.close()
  })

  it.each([
    'module.pt',
    'legacy_module.pt',
  ])('says what to save instead of a whole module: %s', async (name) => {
    await expect(openTorchPickle(`fixtures/torch/${name}`)).rejects.toThrow(
      /a whole pickled module, 'training_code\.Net'.*torch\.save\(model\.state_dict\(\), PATH\)/,
    )
  })

  it('names a truncated file, whichever byte it ends at', async () => {
    for (const name of ['nested.pt', 'legacy_views.pt']) {
      const whole = readFileSync(`fixtures/torch/${name}`)
      for (let length = 0; length < whole.length; length += 37) {
        const path = join(folder, 'truncated.pt')
        writeFileSync(path, whole.subarray(0, length))
        await expect(openTorchPickle(path), `${length} bytes of ${name}`).rejects.toThrow(
          /fetch it again|no known kind/,
        )
      }
    }
  })

  it.each([
    ['nested.pt', 300],
    ['legacy_views.pt', 100],
    ['beside_4.pt', 100],
  ])('answers any damaged pickle with an error of its own, never a crash or an endless loop: %s', async (name, least) => {
    const whole = readFileSync(`fixtures/torch/${name}`)
    const pickleAt = whole.indexOf(/beside_4/.test(name) ? '\x80\x04' : '\x80\x02', 0, 'latin1')
    let refused = 0
    for (let i = pickleAt; i < Math.min(pickleAt + 600, whole.length); i += 3) {
      for (const byte of [0x00, 0x52, 0x62, 0xff]) {
        const path = join(folder, 'damaged.pt')
        writeFileSync(path, Buffer.concat([whole.subarray(0, i), Buffer.from([byte]), whole.subarray(i + 1)]))
        const error = await readAll(path).then(
          () => undefined,
          (thrown) => thrown,
        )
        if (error === undefined) continue
        refused++
        expect(error, `byte ${i} = ${byte}: ${error.stack}`).toSatisfy(
          (thrown) => thrown instanceof WeightsError || thrown instanceof DataError,
        )
      }
    }
    expect(refused).toBeGreaterThan(least)
  })

  it.for([
    'zip',
    'legacy',
  ])('is the same as what torch writes now, where torch is installed: %s', async (form, context) => {
    const python = '/usr/bin/python3'
    const script = `
import torch, sys, json
torch.manual_seed(0)
layers = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.Linear(5, 7)).half()
state = layers.state_dict()
state['permuted'] = torch.randn(2, 3, 4, 5).permute(3, 1, 0, 2)[1:4, ::2]
state['wide'] = torch.randn(300, 200).bfloat16()
saved = {'state_dict': state, 'args': {'lr': 0.1}}
torch.save(saved, sys.argv[1], _use_new_zipfile_serialization=sys.argv[2] == 'zip')
print(json.dumps({k: [list(v.shape), v.double().flatten().tolist()] for k, v in state.items()}))
`
    const path = join(folder, 'torch.pth')
    let printed: string
    try {
      printed = execFileSync(python, ['-c', script, path, form], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
    } catch {
      return context.skip('no Python with torch here')
    }
    const tensors = await readAll(path)
    const expected: Record<string, [number[], number[]]> = JSON.parse(printed)
    expect(Object.keys(tensors)).toEqual(Object.keys(expected))
    for (const [name, [shape, values]] of Object.entries(expected)) {
      expect(tensors[name].shape).toEqual(shape)
      expect(tensors[name].values.map(Number), name).toEqual(values)
    }
  })
})
