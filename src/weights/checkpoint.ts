// A checkpoint as one thing, however it was published: safetensors, a torch.save file, or shards of either.
// What a file is follows from its first bytes, not from its name: a .pt that holds safetensors is published too.

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError, describeCause, WeightsError } from '../base/index.ts'
import { openSafetensors, openTorchPickle, readHead } from '../files/index.ts'
import { matchesPart, recogniseFile, type WantedFile, wrongFile } from '../formats/index.ts'
import { type Checkpoint, makeCheckpoint } from './checkpointFile.ts'
import { openShards } from './shards.ts'

// What a model's folder holds, in the order of preference.
const usualNames = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
]

/**
 * Opens a checkpoint file, the index of a sharded one, or the folder with either; reads names and shapes only.
 * `part` says which of several models in it is meant, as in `student`; by default the one that is published.
 * Throws DataError where it is missing, damaged or no checkpoint, WeightsError where it holds no tensors of use.
 */
export async function openCheckpoint(path: string, part: string | null = null): Promise<Checkpoint> {
  const info = await stat(path).catch((cause: Error) => {
    throw new DataError({ where: path, got: describeCause(cause) }, cause)
  })
  if (info.isDirectory()) return openCheckpoint(await findInFolder(path), part)
  const format = await recognise(path)
  if (format === 'index') return openShards(path, part, openCheckpoint)
  return format === 'safetensors' ? fromSafetensors(path, part) : fromTorch(path, part)
}

async function findInFolder(folder: string): Promise<string> {
  const names = await readdir(folder)
  const found = usualNames.find((name) => names.includes(name))
  if (found) return join(folder, found)
  throw new WeightsError({
    where: folder,
    expected: usualNames.join(' or '),
    got: names.slice(0, 8).join(', ') || 'nothing',
    hint: 'name the file itself',
  })
}

const wanted: WantedFile = {
  expected: 'safetensors, what torch.save writes, or the index of a sharded checkpoint',
  kinds: [],
  hint: 'save model.state_dict() as safetensors or with torch.save',
}

async function recognise(path: string): Promise<'safetensors' | 'torch' | 'index'> {
  const head = await readHead(path)
  const kind = recogniseFile(head)
  if (kind === 'torch' || kind === 'torchLegacy' || kind === 'zip') return 'torch'
  if (kind === 'safetensors') return 'safetensors'
  if (kind === 'json') return 'index'
  throw wrongFile(path, wanted, head)
}

async function fromSafetensors(path: string, asked: string | null): Promise<Checkpoint> {
  const file = await openSafetensors(path)
  const tensors = new Map(
    Object.entries(file.entries).map(([name, { shape, layout }]) => [
      name,
      { shape, stored: layout.toLowerCase() },
    ]),
  )
  return makeCheckpoint({
    path,
    format: 'safetensors',
    tensors,
    refused: new Map(),
    foreign: [],
    part: { name: '', others: [], asked },
    raw: (name) => file.read(name),
    close: () => file.close(),
    async place(name) {
      const entry = file.entries[name]
      return entry?.layout === 'F32' ? { path, offset: file.dataStart + entry.begin } : null
    },
  })
}

async function fromTorch(path: string, part: string | null): Promise<Checkpoint> {
  const file = await openTorchPickle(path, part)
  const isFound = part !== null && matchesPart(file.part.name, part)
  const tensors = new Map([...file.tensors].map(([name, { shape, stored }]) => [name, { shape, stored }]))
  return makeCheckpoint({
    path,
    format: 'torch',
    tensors,
    refused: file.refused,
    foreign: file.foreign,
    part: { ...file.part, asked: isFound ? null : part },
    raw: (name) => file.read(name),
    close: () => file.close(),
    async place(name) {
      const offset = tensors.get(name)?.stored === 'f32' ? await file.place(name) : null
      return offset === null ? null : { path, offset }
    },
  })
}
