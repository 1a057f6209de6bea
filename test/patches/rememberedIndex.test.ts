// What a challenge file holds is found once and remembered, as long as the file is the same.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createChallengeFile, detectFormat, openPatchSet } from '../../src/patches/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-index-'))
const indexes = join(folder, 'cache', 'eosin', 'indexes')
const count = 2100

beforeAll(() => vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache')))
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

const imageOf = (i: number) => Uint8Array.from({ length: 3 * 4 * 4 }, (_, at) => (7 * i + at) % 256)

async function writeFileOf(name: string, patches = count, shift = 0): Promise<string> {
  const path = join(folder, name)
  const file = await createChallengeFile(path, { height: 4, width: 4, origin: 'synthetic' })
  for (let i = 0; i < patches; i++)
    file.append({ id: String(i), image: imageOf(i), label: (i + shift) % 2, center: i % 3, slide: i % 50 })
  await file.close()
  return path
}

const settle = () => setTimeout(2100)

// All that is known of a set, and the pixels of some patches.
async function look(path: string) {
  const { close, read, fingerprint, ...facts } = await openPatchSet(path)
  const { data } = await read([2, count - 1, 0])
  await close()
  return { ...facts, data, fingerprint: await fingerprint() }
}

describe('the index of a challenge file', () => {
  it('is remembered once the file has settled, and used until it changes', async () => {
    const path = await writeFileOf('a.h5')
    const first = await look(path)
    expect(existsSync(indexes)).toBe(false) // it might still be written to
    await settle()
    expect(await look(path)).toEqual(first)
    const [name] = readdirSync(indexes)
    expect(await look(path)).toEqual(first)
    expect(first.data.subarray(0, 48)).toEqual(imageOf(2))
    expect(await detectFormat(path)).toBe('challenge')
    const text = readFileSync(join(indexes, name), 'utf8')
    writeFileSync(join(indexes, name), text.replace('"labels":"01', '"labels":"11')) // shows that it is read
    expect((await look(path)).labels!.subarray(0, 2)).toEqual(Uint8Array.of(1, 1))
    await writeFileOf('a.h5', count, 1)
    const changed = await look(path)
    expect(changed.labels!.subarray(0, 2)).toEqual(Uint8Array.of(1, 0))
    expect(changed.fingerprint).not.toBe(first.fingerprint)
  }, 30_000)

  it('is made anew where it is damaged', async () => {
    const path = await writeFileOf('b.h5')
    await settle()
    const first = await look(path)
    for (const name of readdirSync(indexes)) {
      const whole = readFileSync(join(indexes, name), 'utf8')
      writeFileSync(join(indexes, name), whole.slice(0, whole.length / 2))
    }
    expect(await look(path)).toEqual(first)
    const areWhole = readdirSync(indexes).map((name) =>
      readFileSync(join(indexes, name), 'utf8').endsWith('}'),
    )
    expect(areWhole).toContain(true)
  }, 30_000)

  it('is not remembered of few patches', async () => {
    const before = readdirSync(indexes)
    const few = await writeFileOf('few.h5', 20)
    await settle()
    await (await openPatchSet(few)).close()
    expect(readdirSync(indexes)).toEqual(before)
  }, 30_000)

  it('is not remembered of a file with faults, which are named each time', async () => {
    const before = readdirSync(indexes)
    const path = join(folder, 'faulty.h5')
    const file = await createChallengeFile(path, { height: 4, width: 4 })
    for (let i = 0; i < count; i++)
      file.append({ id: String(i), image: imageOf(i), label: i === 1000 ? 7 : 0 })
    await file.close()
    await settle()
    for (let i = 0; i < 2; i++) {
      await expect(openPatchSet(path)).rejects.toThrow('faulty.h5/1000: got label 7, not 0 or 1')
      const tolerant = await openPatchSet(path, { isTolerant: true })
      expect(tolerant.faults).toHaveLength(1)
      await tolerant.close()
    }
    expect(readdirSync(indexes)).toEqual(before)
  }, 30_000)
})
