// What the checks of fixtures use of Node and of the rooms that need it, in a browser: files come from the host of the page, and
// pictures are decoded as the pages of the workbench decode them.

import { decodePicture } from '../../../web/src/workers/pictures.ts'

export function join(...parts: string[]): string {
  const found: string[] = []
  for (const part of parts.join('/').split('/')) {
    if (part === '..') found.pop()
    else if (part !== '' && part !== '.') found.push(part)
  }
  return found.join('/')
}

export function existsSync(path: string): boolean {
  const request = new XMLHttpRequest()
  request.open('HEAD', `/${path}`, false)
  request.send()
  return request.status === 200
}

export async function readFile(path: string, encoding?: string): Promise<Uint8Array | string> {
  const response = await fetch(`/${path}`)
  if (!response.ok) throw new Error(`${path}: ${response.status}`)
  return encoding ? response.text() : new Uint8Array(await response.arrayBuffer())
}

export function decodeImage(bytes: Uint8Array<ArrayBuffer>, where: string) {
  return decodePicture(new Blob([bytes]), where)
}
