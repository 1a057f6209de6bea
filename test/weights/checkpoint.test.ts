import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { DataError, f32, ndarray } from '../../src/base/index.ts'
import { writeSafetensors } from '../../src/formats/index.ts'
import { assertWeights, checkWeights, findNonFinite, openCheckpoint } from '../../src/weights/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-checkpoint-'))
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, content: Uint8Array | string): string {
  const path = join(folder, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, content)
  return path
}
const shard = (name: string, values: number[]) => writeSafetensors({ [name]: f32([values.length], values) })

describe('openCheckpoint', () => {
  it('reads safetensors under any name, since the content decides', async () => {
    const bytes = writeSafetensors({ a: f32([2], [1, 2]), n: ndarray('i64', [], BigInt64Array.of(5n)) })
    const checkpoint = await openCheckpoint(write('medimage.pt', bytes))
    expect(checkpoint.format).toBe('safetensors')
    expect(Object.fromEntries(checkpoint.tensors)).toEqual({
      a: { shape: [2], stored: 'f32' },
      n: { shape: [], stored: 'i64' },
    })
    expect(await checkpoint.read('n')).toEqual(f32([], [5]))
    expect((await checkpoint.raw('n')).data).toEqual(BigInt64Array.of(5n))
    await expect(checkpoint.read('b')).rejects.toThrow(/expected a tensor 'b'/)
    await checkpoint.close()
  })

  it('reads torch.save files, everything as float32', async () => {
    const checkpoint = await openCheckpoint('fixtures/torch/state_dict.pt')
    expect(checkpoint.format).toBe('torch')
    expect(checkpoint.tensors.get('half')).toEqual({ shape: [4], stored: 'f16' })
    expect(await checkpoint.read('every_second')).toEqual(f32([2, 3], [1, 3, 5, 7, 9, 11]))
    expect(await checkpoint.read('mask')).toEqual(f32([2], [1, 0]))
    await checkpoint.close()
  })

  it('reads shards as one checkpoint, by their index or their folder', async () => {
    write('sharded/model-1.safetensors', shard('a', [1, 2, 3]))
    write('sharded/model-2.safetensors', shard('b', [4]))
    const index = { weight_map: { b: 'model-2.safetensors', a: 'model-1.safetensors' } }
    write('sharded/model.safetensors.index.json', JSON.stringify(index))
    const checkpoint = await openCheckpoint(join(folder, 'sharded'))
    expect(checkpoint.format).toBe('sharded')
    expect([...checkpoint.tensors.keys()]).toEqual(['b', 'a'])
    expect((await checkpoint.read('a')).data).toEqual(Float32Array.of(1, 2, 3))
    await checkpoint.close()
  })

  it('reads shards of torch.save files', async () => {
    const index = { weight_map: { weight: 'one.bin' } }
    const { copyFileSync } = await import('node:fs')
    const path = write('torchShards/pytorch_model.bin.index.json', JSON.stringify(index))
    copyFileSync('fixtures/torch/nested.pt', join(folder, 'torchShards/one.bin'))
    const checkpoint = await openCheckpoint(path)
    expect((await checkpoint.read('weight')).data).toEqual(Float32Array.of(1, 2))
    await checkpoint.close()
  })

  it.each([
    [
      'a shard outside the folder',
      { weight_map: { a: '../model-1.safetensors' } },
      /plain file name for 'a'/,
    ],
    ['a shard that is not there', { weight_map: { a: 'absent.safetensors' } }, /no such file/],
    ['a tensor its shard lacks', { weight_map: { c: 'only.safetensors' } }, /expected a tensor 'c'/],
    ['JSON of another kind', { hidden_size: 384 }, /index of a checkpoint, with weight_map, got JSON/],
  ])('refuses an index with %s', async (_, index, message) => {
    write('bad/only.safetensors', shard('a', [1]))
    await expect(openCheckpoint(write('bad/index.json', JSON.stringify(index)))).rejects.toThrow(message)
  })

  it.each([
    ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:00\n', /git lfs pull/],
    ['a web page', '<!DOCTYPE html><html>', /often a login/],
    ['an empty file', '', /an empty file/],
    ['a bare pickle', Buffer.from('\x80\x04N.', 'latin1'), /a Python pickle/],
    ['anything else', 'hello', /got text that begins 'hello'/],
  ])('says what %s is', async (_, content, message) => {
    const opening = openCheckpoint(write('other.bin', content))
    await expect(opening).rejects.toThrow(DataError)
    await expect(opening).rejects.toThrow(message)
  })

  it('reads what torch.save wrote before 1.6', async () => {
    const checkpoint = await openCheckpoint('fixtures/torch/legacy_views.pt')
    expect(checkpoint.format).toBe('torch')
    expect((await checkpoint.read('row')).data).toEqual(Float32Array.of(3, 3.5, 4))
    expect(await checkpoint.place('row')).toEqual({ path: 'fixtures/torch/legacy_views.pt', offset: 1120 })
    await checkpoint.close()
  })

  it('takes the teacher of a training checkpoint, and another part when it is asked for', async () => {
    for (const [part, first] of [
      [null, 20],
      ['teacher', 20],
      ['student', 10],
    ] as const) {
      const checkpoint = await openCheckpoint('fixtures/torch/dino.pt', part)
      expect((await checkpoint.read('module.backbone.cls_token')).data[0]).toBe(first)
      expect(checkpoint.part).toMatchObject({ name: part ?? 'teacher', asked: null })
      await checkpoint.close()
    }
  })

  it('refuses a tensor that only Python could make, by name, and no other', async () => {
    const checkpoint = await openCheckpoint('fixtures/torch/refused.pt')
    expect((await checkpoint.read('weight')).data).toEqual(Float32Array.of(0, 0.5))
    await expect(checkpoint.read('codes')).rejects.toThrow(
      /expected a tensor 'codes', got one that Python would make by 'training_code\.Codes'; nothing was run/,
    )
    const findings = checkWeights(checkpoint, { weight: [2], codes: [2] })
    expect(findings.refused).toEqual([{ name: 'codes', maker: 'training_code.Codes' }])
    expect(() => assertWeights('x.pt', 'a model', findings)).toThrow(/1 refused.*refused codes/)
    await checkpoint.close()
  })
})

describe('checkWeights', () => {
  const expected = { a: [2], b: [3], c: [1, 1] }
  const tensors = (shapes: Record<string, number[]>) => ({
    tensors: new Map(Object.entries(shapes).map(([name, shape]) => [name, { shape, stored: 'f32' }])),
    refused: new Map<string, string>(),
  })

  it('names each missing, extra and mis-shaped tensor', () => {
    const findings = checkWeights(tensors({ a: [2], b: [4], d: [], 'lang.x': [1] }), expected, (name) =>
      name.startsWith('lang.'),
    )
    expect(findings).toEqual({
      missing: ['c'],
      extra: ['d'],
      misshaped: [{ name: 'b', expected: [3], got: [4] }],
      refused: [],
    })
    expect(() => assertWeights('x.pt', 'vit', findings)).toThrow(
      /missing c; mis-shaped b: expected \[3\], got \[4\]; extra d/,
    )
  })

  it('finds nothing where all fits, and extra tensors alone are no error', () => {
    const findings = checkWeights(tensors({ a: [2], b: [3], c: [1, 1], d: [] }), expected)
    expect(findings).toEqual({ missing: [], extra: ['d'], misshaped: [], refused: [] })
    expect(() => assertWeights('x.pt', 'vit', findings)).not.toThrow()
  })
})

describe('findNonFinite', () => {
  it('names the tensors with NaN or infinite values', async () => {
    const values = {
      fine: f32([3], [1, -2, 3e38]),
      hole: f32([2], [0, Number.NaN]),
      far: f32([1], [-Infinity]),
    }
    const checkpoint = await openCheckpoint(write('values.safetensors', writeSafetensors(values)))
    expect(await findNonFinite(checkpoint)).toEqual(['hole', 'far'])
    await checkpoint.close()
  })
})
