// A stain fit on disk: fit.json, and beside it the networks of a method that is trained, each a safetensors file under
// the names of its own checkpoint, so that it can be used elsewhere.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError, describeCause, type NdArray } from '../base/index.ts'
import { hashBytes, writeFileAtomic } from '../files/index.ts'
import { readSafetensors, writeSafetensors } from '../formats/index.ts'
import { readJson } from '../runs/index.ts'
import type { Networks, StainFit } from '../stain/index.ts'

// What stands in fit.json for the networks: the file of each, and its hash.
type NetworkFiles = Readonly<Record<string, { readonly file: string; readonly sha256: string }>>

/** Writes the networks of a fit into `folder`; gives what of the fit is JSON. The same fit gives the same bytes. */
export async function writeNetworks(folder: string, { networks, ...plain }: StainFit): Promise<StainFit> {
  if (!networks) return plain
  const files: Record<string, NetworkFiles[string]> = {}
  for (const [index, [source, network]] of Object.entries(networks).entries()) {
    const file = `generator-${index}.safetensors`
    const bytes = writeSafetensors(network)
    files[source] = { file, sha256: hashBytes(bytes) }
    await writeFileAtomic(join(folder, file), bytes)
  }
  return { ...plain, networkFiles: files }
}

/** The fit whose JSON part is `plain`, with its networks read from `folder`. Throws DataError where one is damaged. */
export async function readNetworks(folder: string, plain: StainFit): Promise<StainFit> {
  const { networkFiles, ...rest } = plain
  if (!networkFiles) return plain
  const networks: Record<string, Networks[string]> = {}
  for (const [source, { file, sha256 }] of Object.entries(networkFiles as NetworkFiles)) {
    const path = join(folder, file)
    const bytes = await readFile(path).catch((cause: Error) => {
      throw new DataError(
        { where: path, got: describeCause(cause), hint: 'it belongs to the fit beside it' },
        cause,
      )
    })
    if (hashBytes(bytes) !== sha256) {
      throw new DataError({ where: path, expected: 'the file that was written', got: 'other bytes' })
    }
    networks[source] = readSafetensors(bytes, path) as Record<string, NdArray<'f32'>>
  }
  return { ...rest, networks }
}

/** What of a fit fits in a text: its JSON part, and a hash of each network. */
export function summariseFit({ networks, ...plain }: StainFit): StainFit {
  if (!networks) return plain
  const hashes = Object.entries(networks).map(([source, network]) => [
    source,
    hashBytes(writeSafetensors(network)),
  ])
  return { ...plain, networkHashes: Object.fromEntries(hashes) }
}

/** Writes a fit as fit.json and its networks. */
export async function writeFit(folder: string, fit: StainFit): Promise<void> {
  const plain = await writeNetworks(folder, fit)
  await writeFileAtomic(join(folder, 'fit.json'), `${JSON.stringify(plain)}\n`)
}

/** Reads what writeFit wrote. */
export async function readFit(folder: string): Promise<StainFit> {
  return readNetworks(folder, await readJson<StainFit>(join(folder, 'fit.json')))
}
