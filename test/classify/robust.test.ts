import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { f32, openRandom, RecipeError, rowsOf } from '../../src/base/index.ts'
import {
  type FitHooks,
  type HeadMethod,
  headMethods,
  loadHead,
  type RobustOptions,
  robustDefaults,
} from '../../src/classify/index.ts'
import { readSafetensors } from '../../src/formats/index.ts'
import { makeCenters, makeRows, reorderRows } from './rows.ts'

const { mlp } = headMethods
const robustOf = (options: Partial<RobustOptions>): RobustOptions => ({ ...robustDefaults, ...options })

const methods: Readonly<Record<string, Partial<RobustOptions>>> = {
  balance: { balance: true },
  mixup: { mixup: 0.4 },
  groupDro: { groupDro: 0.5 },
  adversarial: { adversarial: 2 },
  'all of them': { balance: true, mixup: 0.4, groupDro: 0.5, adversarial: 2 },
}

describe.each(Object.entries(methods))('training with %s', (_, asked) => {
  const centers = makeCenters([200, 90, 30])
  // One row is in two centers, and one in one center twice with both labels.
  const train = reorderRows(makeRows(320, 12), [...Array(318).keys(), 4, 5])
  train.y[319] = 1 - train.y[5]
  const val = makeRows(120, 12, 2, 0.3)
  const target = makeRows(50, 12, 3, 0.6).x
  const options = { ...mlp.defaults, hidden: [16, 8], epochs: 4, batchSize: 32 }
  const hasTarget = (asked.adversarial ?? 0) > 0
  const make = async (rows = train, of = centers, hooks: Partial<FitHooks> = {}, beside = target) => {
    const robust = { options: robustOf(asked), centers: of, ...(hasTarget && { target: beside }) }
    return (await mlp.fit(rows, val, options, 3, { ...hooks, robust })).serialize()
  }

  it('gives the same bytes in whatever order rows are, and whatever number a center has', async () => {
    const expected = await make()
    const order = openRandom(1, 'shuffle').permutation(320)
    const numbers = [70, 2, 9]
    const shuffled = reorderRows(train, order)
    const renumbered = Uint16Array.from(order, (row) => numbers[centers[row]])
    const beside = reorderRows(
      { x: target, y: new Uint8Array(50) },
      openRandom(2, 'shuffle').permutation(50),
    ).x
    expect(await make(shuffled, renumbered, {}, beside)).toEqual(expected)
    const plain = await (await mlp.fit(train, val, options, 3)).serialize()
    expect(plain['head.safetensors']).not.toEqual(expected['head.safetensors'])
  })

  it('gives the same bytes on one thread and on two', async () => {
    expect(await make(train, centers, { threads: 2 })).toEqual(await make(train, centers, { threads: 1 }))
  })

  it('gives the same bytes when killed after an epoch and resumed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'eosin-robust-'))
    try {
      const checkpointPath = join(folder, 'checkpoint')
      const progress = (done: number) => {
        if (done === 2) throw new Error('killed')
      }
      await expect(make(train, centers, { checkpointPath, progress })).rejects.toThrow('killed')
      const epochs: number[] = []
      const resumed = await make(train, centers, { checkpointPath, progress: (done) => epochs.push(done) })
      expect(epochs).toEqual([3, 4])
      expect(resumed).toEqual(await make())
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('is told in the head, which holds nothing of what helped in training', async () => {
    const files = await make()
    const head = await loadHead(files)
    expect(await head.serialize()).toEqual(files)
    const record = JSON.parse(new TextDecoder().decode(files['head.json']))
    expect(record.robust).toEqual({ ...robustOf(asked), transductive: hasTarget })
    const plain = await (await mlp.fit(train, val, options, 3)).serialize()
    const namesOf = (bytes: Uint8Array) => Object.keys(readSafetensors(bytes, 'head'))
    expect(namesOf(files['head.safetensors'])).toEqual(namesOf(plain['head.safetensors']))
  })
})

describe('robust training', () => {
  const train = makeRows(64)
  const val = makeRows(40, 12, 2)
  const centers = makeCenters([40, 24])
  const options = { ...mlp.defaults, hidden: [8], epochs: 2 }
  const make = (robust: FitHooks['robust']) => mlp.fit(train, val, options, 0, { robust })

  it('with everything off is plain training, to the byte', async () => {
    const plain = await (await mlp.fit(train, val, options, 0)).serialize()
    expect(await (await make({ options: robustDefaults, centers })).serialize()).toEqual(plain)
  })

  it('reads the rows of the target from wherever they lie', async () => {
    const robust = { options: robustOf({ adversarial: 1 }), centers }
    const target = makeRows(30, 12, 3).x
    const before = target.data.slice()
    const inMemory = await (await make({ ...robust, target })).serialize()
    expect(target.data).toEqual(before)
    expect(await (await make({ ...robust, target: rowsOf(target) })).serialize()).toEqual(inMemory)
    const without = await (await make(robust)).serialize()
    expect(without['head.safetensors']).not.toEqual(inMemory['head.safetensors'])
  })

  it('refuses what makes no sense, and says why', async () => {
    const alone = new Uint16Array(64)
    const target = makeRows(30, 12, 3).x
    const attempt = (asked: object, of = centers, beside?: typeof target) =>
      make({ options: robustOf(asked), centers: of, target: beside })
    await expect(attempt({ groupDro: 0.1 }, alone)).rejects.toThrow(
      /groupDro: expected at least 2 training centers, got 1/,
    )
    await expect(attempt({ adversarial: 1 }, alone)).rejects.toThrow(
      /adversarial: expected at least 2 training centers/,
    )
    await expect(attempt({ adversarial: 1 }, alone)).rejects.toThrow(RecipeError)
    await attempt({ adversarial: 1 }, alone, target) // two domains
    await expect(attempt({ mixup: 0.2 }, centers, target)).rejects.toThrow(
      /adversarial: expected a weight above 0/,
    )
    await expect(attempt({ mixup: 1.5 })).rejects.toThrow(
      /robust.mixup: expected a number from 0 to 1, got 1.5/,
    )
    await expect(attempt({ mixupp: 1 })).rejects.toThrow(/did you mean 'mixup'/)
    await expect(attempt({ mixup: 0.2 }, centers.slice(1))).rejects.toThrow(
      /expected 64 centers, one a row, got 63/,
    )
    const wide = makeRows(30, 13, 3).x
    await expect(attempt({ adversarial: 1 }, centers, wide)).rejects.toThrow(
      /classify target: expected embeddings of/,
    )
    const broken = f32(target.shape, target.data.with(25, Number.NaN))
    await expect(attempt({ adversarial: 1 }, centers, broken)).rejects.toThrow(
      /classify target, row 2, dimension 1/,
    )
    await expect(attempt({ adversarial: 1 }, centers, f32([0, 12]))).rejects.toThrow(/at least one row/)
  })

  it.each([
    'logistic',
    'knn',
    'finetune',
  ] as const)('is refused by %s, which knows no such training', async (name) => {
    const method = headMethods[name] as unknown as HeadMethod<object>
    expect(method.trainsRobustly).toBeUndefined()
    const robust = (asked: Partial<RobustOptions>) => ({ robust: { options: robustOf(asked), centers } })
    await expect(
      method.fit(train, val, method.defaults, 0, robust({ mixup: 0.2, balance: true })),
    ).rejects.toThrow(`${name}: expected plain training, got balance, mixup`)
    if (name !== 'finetune') await method.fit(train, val, method.defaults, 0, robust({}))
  })
})
