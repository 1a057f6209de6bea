// Holds the pages to the code: links lead somewhere, a stage's word is in all its places. Commands are those of commands.test.ts.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildProgram } from '../../src/cli/program.ts'

const stages = ['patches', 'quality', 'stain', 'embed', 'classify', 'evaluate', 'report']
const pages = [
  ...readdirSync('.').filter((file) => file.endsWith('.md')),
  ...['docs', 'bench', 'examples'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => join(folder, file)),
  ),
]
const prose = pages.filter(
  (page) => page === 'README.md' || /^docs.(?!architecture|workbench)[^/\\]+$/.test(page),
)
const program = buildProgram()

describe('the pages', () => {
  it('are many', () => {
    expect(pages.length).toBeGreaterThan(12)
  })

  it.each(pages)('%s links to what is there', (page) => {
    const links = [...readFileSync(page, 'utf8').matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map((match) => match[1])
    const broken = links.filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(dirname(page), link)))
    expect(broken).toEqual([])
  })

  it.each(prose)('%s has short lines, and numbers with their leading zero', (page) => {
    const lines = readFileSync(page, 'utf8')
      .replaceAll(/^```[\s\S]*?^```/gm, '')
      .split('\n')
    expect(lines.filter((line) => line.length > 120 && !line.startsWith('|'))).toEqual([])
    expect(lines.filter((line) => /(?<![\w.\d/])\.\d/.test(line))).toEqual([])
  })

  it.each(stages)('%s is a folder, a command and a page', (stage) => {
    expect(existsSync(`src/${stage}/index.ts`)).toBe(true)
    expect(existsSync(`docs/${stage}.md`)).toBe(true)
    expect(existsSync(`test/${stage}`)).toBe(true)
    expect(program.commands.map((command) => command.name())).toContain(stage)
  })
})

describe('the README', () => {
  const readme = readFileSync('README.md', 'utf8')
  const commands = [...readme.matchAll(/^npx eosin (.+?)(?: +#.*)?$/gm)].map(([, typed]) => typed)

  it('names files that the demo makes, or that a command before made', () => {
    const demo = program.commands.find((command) => command.name() === 'demo')!
    const { out, patches, seed } = demo.opts<{ out: string; patches: number; seed: number }>()
    const made = new Set([`${out}/recipe.yaml`, `${out}/runs`, `${out}/cache`, `${out}/runs/demo`])
    for (const split of ['train', 'val', 'test']) made.add(`${out}/data-${patches}-seed${seed}/${split}.h5`)
    for (const file of ['predictions.csv', 'submission.csv', 'report.html'])
      made.add(`${out}/runs/demo/${file}`)
    for (const [, file] of readme.matchAll(/> (\S+\.yaml)$/gm)) made.add(file)
    made.add(`${out}/runs/demo-dinov2`) // the name that is put into that recipe
    const named = commands.flatMap((typed) => typed.match(/\S+\/\S+|\S+\.h5/g) ?? [])
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((path) => !path.startsWith('none/') && !made.has(path))).toEqual([])
  })

  it('exports a run whose extractor can be exported', () => {
    const run = commands.find((typed) => typed.startsWith('export'))!
    expect(run).toContain('--run eosin-demo/runs/demo-dinov2')
    expect(readme).toMatch(/^sed 's\/texture\/dinov2-small\/; s\/\^name: demo\/name: demo-dinov2\/'/m)
  })
})

describe('the help', () => {
  it('lists every command', () => {
    expect(program.helpInformation()).toMatchSnapshot()
  })
})
