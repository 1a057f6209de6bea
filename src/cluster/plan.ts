// What would be sent to a cluster: the files, and the commands that hand them over. A dry run shows it.

import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, writeFileAtomic } from '../files/index.ts'
import { foldLots, writeLots } from './lots.ts'
import { type ClusterStudy, plainName, type Wave } from './waves.ts'

/** A file of a plan. */
export interface PlannedFile {
  readonly path: string
  readonly text: string
}

/** Files to write and the commands to call then, in this order. */
export interface ClusterPlan {
  readonly files: readonly PlannedFile[]
  readonly commands: readonly string[]
}

/** A wave that has something to do, with its number among these from 1, and its lots file. */
export interface PlannedWave extends Wave {
  readonly number: number
  /** `1-embed`: what its files are called. */
  readonly stem: string
  readonly lotsFile: PlannedFile
}

/** Where a study's scripts, lists of lots and logs go. */
export function clusterFolder({ folder }: Pick<ClusterStudy, 'folder'>): string {
  return join(folder, 'cluster')
}

/** The waves of a study that have something to do, none with more than `largest` lots. */
export function planWaves(study: ClusterStudy, largest: number): PlannedWave[] {
  const folder = clusterFolder(study)
  const folded = study.waves.map((wave) => ({ ...wave, lots: foldLots(wave.lots, largest) }))
  return folded
    .filter(({ lots }) => lots.length > 0)
    .map((wave, index) => {
      const stem = `${index + 1}-${plainName(wave.name)}`
      const text = writeLots({ wave: wave.name, lots: wave.lots })
      return { ...wave, number: index + 1, stem, lotsFile: { path: join(folder, `${stem}.lots.json`), text } }
    })
}

const ownFile = /^(\d+-[A-Za-z0-9._-]+|finish)\.(lots\.json|job\.json|sh)$/

/** Writes a plan's files, whole; those of an earlier plan that are not among them go. Throws DataError where they cannot be written. */
export async function writePlan(study: ClusterStudy, { files }: ClusterPlan): Promise<void> {
  const folder = clusterFolder(study)
  await makeFolder(join(folder, 'logs'))
  for (const { path, text } of files) await writeFileAtomic(path, text)
  const names = await readdir(folder)
  const written = new Set(files.map(({ path }) => path))
  for (const name of names.filter((name) => ownFile.test(name) && !written.has(join(folder, name))))
    await rm(join(folder, name), { force: true })
}

/** A plan as text: each file under its path, then the commands. */
export function describePlan({ files, commands }: ClusterPlan): string {
  const shown = files.map(({ path, text }) => `# ${path}\n${text}`)
  return [...shown, `# then\n${commands.join('\n')}\n`].join('\n')
}
