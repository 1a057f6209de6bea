// eosin patches check: whether patches are sound, and what would make figures on them too good, for files without a recipe.

import type { Command } from 'commander'
import { clipText } from '../../base/index.ts'
import type { ExaminedSet, SetFindings } from '../../guards/index.ts'
import type { Fault, OpenedPatchSet, PatchCheck } from '../../patches/index.ts'
import { addExamples, addSetOptions, jsonOption, printResult, type SetOptions } from '../command.ts'
import { clearLine, formatCount, showProgress, yellow } from '../terminal.ts'

type CheckOptions = SetOptions & { readonly json?: boolean }

export function addPatchesCheck(patches: Command): void {
  const check = patches
    .command('check')
    .argument('<paths...>', 'HDF5 files, CSVs or folders; parts of one: --part train,val')
    .description(
      'read every patch: which are damaged, which are in several files as copies, which slides and patients are, and whether an order tells labels; exit code 1 where there is any',
    )
    .addOption(jsonOption())
    .action(checkPaths)
  addExamples(
    addSetOptions(check),
    'eosin patches check train.h5',
    'eosin patches check train.h5 val.h5 test.h5',
    'eosin patches check camelyon17_v1.0 --part train,val,test',
  )
}

/** What one file was found to be. */
interface CheckedFile extends PatchCheck {
  readonly name: string
  readonly leftOut: readonly Fault[]
}

/** All that was found. */
interface Checked extends SetFindings {
  readonly files: readonly CheckedFile[]
  /** How many things of the files are not as they should be: damaged patches, contradictions, overlaps, orders that tell labels. */
  readonly found: number
}

async function checkPaths(paths: readonly string[], { json, part, ...options }: CheckOptions): Promise<void> {
  const { openPatchSet } = await import('../../patches/index.ts')
  const { examineSets } = await import('../../guards/index.ts')
  const { isTelling } = await import('../../runs/index.ts')
  const open: OpenedPatchSet[] = []
  try {
    const files: CheckedFile[] = []
    const sets: ExaminedSet[] = []
    for (const { path, name, ...chosen } of listFiles(paths, part)) {
      const set = await openPatchSet(path, { ...options, ...chosen, isTolerant: true })
      open.push(set)
      const { examined, checked } = await checkFile(name, set)
      sets.push(examined)
      files.push({ name, ...checked, leftOut: set.leftOut ?? [] })
    }
    const findings = await examineSets(sets, (what) => showProgress(`compare  ${what}`))
    clearLine()
    const found =
      files.reduce((sum, file) => sum + countDamaged(file) + file.contradictions.length, 0) +
      findings.overlaps.filter(isFinding).length +
      findings.within.length +
      findings.orders.filter(isTelling).length
    const result: Checked = { files, ...findings, found }
    const text = json ? '' : await describeChecked(result)
    printResult({ json }, result, () => text)
    if (found > 0) process.exitCode = 1
  } finally {
    for (const set of open) await set.close()
  }
}

// Each part of a path is a file of its own.
function listFiles(paths: readonly string[], part?: string) {
  const parts = part?.split(',').map((word) => word.trim())
  return paths.flatMap((path) =>
    parts
      ? parts.map((own) => ({ path, part: own, name: parts.length > 1 ? `${path} (${own})` : path }))
      : [{ path, name: path }],
  )
}

// Reads it once: damaged patches are counted, the others hashed.
async function checkFile(
  name: string,
  set: OpenedPatchSet,
): Promise<{ readonly examined: ExaminedSet; readonly checked: PatchCheck }> {
  const { checkPatches, selectPatches } = await import('../../patches/index.ts')
  const { hashLooks, hashWords } = await import('../../guards/index.ts')
  const hashes = new BigUint64Array(set.count)
  const looks = new Int32Array(set.count * hashWords)
  const rows = new Uint32Array(set.count)
  let sound = 0
  const checked = await checkPatches(set, showProgress(`check    ${name}`), (row, patch, hash) => {
    rows[sound] = row
    hashes[sound] = hash
    looks.set(hashLooks(patch), sound * hashWords)
    sound++
  })
  clearLine()
  const examined: ExaminedSet = {
    name,
    set: sound === set.count ? set : selectPatches(set, rows.subarray(0, sound)),
    hashes: hashes.subarray(0, sound),
    looks: looks.subarray(0, sound * hashWords),
  }
  return { examined, checked }
}

// That two files have a center in common is usual, and said beside the rest.
function isFinding({ patches, near, slides, patients }: SetFindings['overlaps'][number]): boolean {
  return patches.count + slides.length > 0 || near !== undefined || patients !== undefined
}

const countDamaged = ({ problems }: PatchCheck) => new Set(problems.map(({ id }) => id)).size

async function describeChecked({ files, overlaps, within, orders, found }: Checked): Promise<string> {
  const { describeOrder, describeOverlap, isTelling, orderAdvice } = await import('../../runs/index.ts')
  const lines = files.flatMap((file) => describeFile(file, files.length > 1))
  const notes = orders.filter((order) => !isTelling(order))
  const telling = orders.filter(isTelling)
  return [
    ...lines,
    ...overlaps.map((overlap) => (isFinding(overlap) ? yellow : String)(toLine(describeOverlap(overlap)))),
    ...within.map((overlap) => yellow(toLine(describeOverlap(overlap)))),
    ...telling.map((order) => yellow(toLine(describeOrder(order)))),
    ...(telling.length > 0 ? [orderAdvice] : []),
    ...notes.map((order) => toLine(describeOrder(order))),
    found === 0 ? 'nothing found' : `${formatCount(found)} found`,
  ].join('\n')
}

// Names of files may hold what a terminal must not get.
const toLine = (sentence: string) => sentence.replaceAll(/\p{Cc}+/gu, ' ')

function describeFile(file: CheckedFile, isNamed: boolean): string[] {
  const { name, checked, problems, contradictions, leftOut, copies } = file
  const before = isNamed ? `${clipText(name)}: ` : ''
  const same = copies > 0 ? `, ${formatCount(copies)} with the pixels of another` : ''
  return [
    ...problems.map(({ id, problem }) => `${before}${clipText(id)}: ${problem}`),
    ...contradictions.map(
      (ids) => before + clipText(`equal pixels, contradicting labels: ${ids.join(', ')}`),
    ),
    ...leftOut.map(({ id, problem }) => before + clipText(`left out: ${id}: ${problem}`)),
    `${before}${formatCount(checked)} patches checked, ${countDamaged(file)} damaged${same}`,
  ]
}
