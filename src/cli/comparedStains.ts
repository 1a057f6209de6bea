// What `eosin stain compare` compares: methods, which it fits itself, and fits made earlier.

import { basename, dirname, resolve } from 'node:path'
import { type Pixels, pickNamed, UsageError } from '../base/index.ts'
import type { FittedStain } from '../normalise/index.ts'
import type { PlainOptions } from '../recipe/index.ts'
import type { StainFit, StainMethod } from '../stain/index.ts'

type Method = StainMethod<unknown, StainFit>

/** The methods of these names. Throws UsageError for one that must be trained or is named twice. */
export async function pickMethods(names: readonly string[]): Promise<readonly Method[]> {
  const { stainMethods } = await import('../stain/index.ts')
  refuseTwice('--methods', 'method', names)
  const methods = names.map((name) => pickNamed('--methods', stainMethods, name) as unknown as Method)
  const trained = methods.find(({ train }) => train)
  if (!trained) return methods
  throw new UsageError({
    where: '--methods',
    expected: 'methods that need no training',
    got: trained.name,
    hint: 'train it with eosin stain train and give its folder by --fits',
  })
}

/** A method with its defaults, fitted. */
export async function fitMethod(method: Method, reference: AsyncIterable<Pixels>): Promise<FittedStain> {
  const { name, defaults } = method
  const options = defaults as PlainOptions
  const entry = { label: name, name, options, reference: 'published', fallback: 'none' } as const
  return { entry, method, fit: await method.fit(reference, defaults) }
}

/**
 * The fits at these paths, labelled by method and file name, or by method and path where that would not tell them apart.
 * Throws UsageError for one that is named twice, DataError for what is no fit.
 */
export async function openFits(paths: readonly string[], device: string): Promise<readonly FittedStain[]> {
  const { openStainFit } = await import('../normalise/index.ts')
  refuseTwice('--fits', 'fit', paths.map(folderOrFile))
  const fits: FittedStain[] = []
  for (const path of paths) fits.push(await openStainFit(path, { provider: device as 'auto' }))
  const labels = fits.map(({ method }, i) => `${method.name} (${basename(resolve(paths[i]), '.json')})`)
  return fits.map((fit, i) => {
    const isUnique = labels.indexOf(labels[i]) === labels.lastIndexOf(labels[i])
    const label = isUnique ? labels[i] : `${fit.method.name} (${paths[i]})`
    return { ...fit, entry: { ...fit.entry, label } }
  })
}

// A folder stands for the fit.json in it.
function folderOrFile(path: string): string {
  const full = resolve(path)
  return basename(full) === 'fit.json' ? dirname(full) : full
}

function refuseTwice(where: string, what: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined)
    throw new UsageError({ where, expected: `each ${what} once`, got: `${twice} twice` })
}
