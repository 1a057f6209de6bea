// Methods beside fits made earlier, classical and learned, from the command line.

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeSyntheticChallenge } from '../../src/synthetic/index.ts'
import { type CliResult, runCli } from './runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-stain-compare-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const at = (...names: string[]) => join(folder, ...names)
const train = at('data/train.h5')
const page = at('page.html')

async function succeed(...args: string[]): Promise<CliResult> {
  const result = await runCli(args)
  expect(result.stderr).not.toContain('eosin:')
  expect(result.code).toBe(0)
  return result
}

const compare = (...options: string[]) => [
  'stain',
  'compare',
  train,
  '--out',
  page,
  '--overwrite',
  ...options,
]

// Figures by label.
async function compareFigures(...options: string[]): Promise<Record<string, object>> {
  const { stdout } = await succeed(...compare(...options, '--json'))
  const { figures } = JSON.parse(stdout) as { figures: { label: string }[] }
  return Object.fromEntries(figures.map(({ label, ...rest }) => [label, rest]))
}

beforeAll(async () => {
  const counts = { train: 60, val: 16, test: 16 }
  await makeSyntheticChallenge(at('data'), { counts, size: 32, aberrantShare: 0 })
  const fit = ['stain', 'fit', train, '--method', 'macenko', '--count', '4']
  await succeed(...fit, '--center', '0', '--out', at('center0.json'))
  await succeed(...fit, '--center', '3', '--out', at('center3.json'))
  const small = [
    ...['generator.width=2', 'generator.blocks=1'],
    ...['discriminator={"width":2,"layers":1,"spectral":false}'],
    ...['side=16', 'epochs=1', 'decay=0', 'images=4', 'scored=4'],
  ]
  const options = ['--method', 'cyclegan', '--center', '0', '--device', 'cpu', '--out', at('model')]
  await succeed('stain', 'train', train, ...options, '--set', ...small)
}, 120_000)

describe('eosin stain compare --fits', () => {
  it('gives a fit the figures of its method fitted on the same patches', async () => {
    const fits = ['--fits', at('center0.json'), at('center3.json')]
    const figures = await compareFigures('--methods', 'macenko', '--center', '0', ...fits)
    expect(Object.keys(figures)).toEqual(['macenko', 'macenko (center0)', 'macenko (center3)'])
    expect(figures['macenko (center0)']).toEqual(figures.macenko)
    expect(figures['macenko (center3)']).not.toEqual(figures.macenko)
  }, 60_000)

  it('sends patches through the generator of their own center and says what a training has seen', async () => {
    const { stdout } = await succeed(
      ...compare('--methods', 'none', '--fits', at('model'), '--device', 'cpu', '--count', '2'),
    )
    const origin = 'made for center 0; trained on 0, 3, 4'
    expect(stdout).toContain(`cyclegan (model): ${origin}`)
    const html = readFileSync(page, 'utf8')
    expect(html.includes(`<td>cyclegan (model)<small>${origin}</small></td>`)).toBe(true)
    // Without centers every patch would be a fallback to the source nearest in colour.
    const [verdicts] = /[^>]*(?=<\/td><\/tr><\/tbody>)/.exec(html)!
    expect(verdicts).toMatch(/^2 passthrough, /)
    expect(verdicts).not.toContain('fallback')
    const { none, ...learned } = await compareFigures('--methods', 'none', '--fits', at('model'))
    expect(none).not.toHaveProperty('origin')
    expect(learned).toMatchObject({ 'cyclegan (model)': { origin } })
  }, 60_000)

  it('tells fits of one name apart by their paths', async () => {
    mkdirSync(at('a'))
    mkdirSync(at('b'))
    for (const name of ['a', 'b']) cpSync(at('center0.json'), at(name, 'fit.json'))
    const fits = [at('a/fit.json'), at('b/fit.json'), at('center3.json')]
    const figures = await compareFigures('--methods', 'none', '--fits', ...fits)
    expect(Object.keys(figures).slice(1)).toEqual([
      ...[`macenko (${fits[0]})`, `macenko (${fits[1]})`, 'macenko (center3)'],
    ])
  }, 60_000)
})

describe('eosin stain compare', () => {
  // One line, no page.
  async function refuse(code: number, said: RegExp, ...options: string[]): Promise<void> {
    rmSync(page, { force: true })
    const result = await runCli(compare(...options))
    expect(result.stderr).toMatch(said)
    expect(result.stderr.trim().split('\n')).toHaveLength(1)
    expect(result.code).toBe(code)
    expect(existsSync(page)).toBe(false)
    expect(readdirSync(folder).filter((name) => name.startsWith('page'))).toEqual([])
  }

  it('says how a method that must be trained gets into the comparison', async () => {
    const said =
      /--methods: expected methods that need no training, got multistain; train it with eosin stain train and give its folder by --fits/
    await refuse(2, said, '--methods', 'none', 'multistain')
  })

  it('refuses a path where nothing is, and JSON that is no fit', async () => {
    await refuse(
      1,
      /nowhere: expected what eosin stain fit or stain train wrote, got no such file or folder/,
      '--fits',
      'nowhere',
    )
    writeFileSync(at('other.json'), '{"mean":[1,2,3]}')
    await refuse(1, /other\.json: expected what eosin .*, got other JSON/, '--fits', at('other.json'))
    await refuse(1, /train\.h5: expected text in UTF-8, got .*HDF5/, '--fits', train)
  }, 60_000)

  it('refuses a folder without its networks', async () => {
    mkdirSync(at('bare'))
    cpSync(at('model/fit.json'), at('bare/fit.json'))
    await refuse(1, /bare.generator-0\.safetensors: .*it belongs to the fit beside it/, '--fits', at('bare'))
  }, 60_000)

  it('refuses what is named twice', async () => {
    await refuse(2, /--methods: expected each method once, got none twice/, '--methods', 'none', 'none')
    const twice = [at('model'), at('model/fit.json')]
    await refuse(2, /--fits: expected each fit once, got .*model twice/, '--fits', ...twice)
  }, 60_000)
})
