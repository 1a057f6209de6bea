// safetensors in files: the header is read first and tensors one by one, so that memory holds one of them and never the
// checkpoint.

import { open } from 'node:fs/promises'
import { DataError, describeCause, type NdArray } from '../base/index.ts'
import {
  decodeSafetensor,
  measureSafetensorsHeader,
  parseSafetensorsHeader,
  type SafetensorsHeader,
} from '../formats/index.ts'
import { readRange } from './positionedRead.ts'

/** An open file whose tensors are read one by one, so that memory holds one tensor, not the checkpoint. */
export interface SafetensorsFile extends SafetensorsHeader {
  /** Where the data begin, in bytes from the file's start: `begin` and `end` of entries count from there. */
  readonly dataStart: number
  /** Reads one tensor. Throws DataError for an unknown name or a short file. */
  read(name: string): Promise<NdArray>
  close(): Promise<void>
}

/** Opens a file and reads its header only. Throws DataError where it is missing or not the format. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await open(path).catch((cause: Error) => {
    throw new DataError({ where: path, got: describeCause(cause) }, cause)
  })
  try {
    const { size } = await file.stat()
    const start = await readRange(file, 0, Math.min(size, 4096), path)
    const dataStart = 8 + measureSafetensorsHeader({ bytes: start, size }, path)
    const header = parseSafetensorsHeader({ bytes: await readRange(file, 0, dataStart, path), size }, path)
    return {
      ...header,
      dataStart,
      async read(name) {
        const entry = Object.hasOwn(header.entries, name) ? header.entries[name] : undefined
        if (!entry)
          throw new DataError({ where: path, expected: `a tensor '${name}'`, got: 'none of that name' })
        const where = `${path}: '${name}'`
        const { begin, end } = entry
        return decodeSafetensor(entry, await readRange(file, dataStart + begin, end - begin, where))
      },
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}
