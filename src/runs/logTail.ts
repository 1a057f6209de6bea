// The end of a run's log, read without the rest of it.

import { open } from 'node:fs/promises'
import { join } from 'node:path'

/** One line of a log. */
export interface LogLine {
  /** When (ISO 8601); null for what a process printed. */
  readonly at: string | null
  readonly level: 'info' | 'warn' | 'error'
  readonly text: string
}

const bytesAtMost = 1 << 16
const levels: Readonly<Record<number, LogLine['level']>> = { 40: 'warn', 50: 'error', 60: 'error' }

/** The last lines of log.jsonl in a run folder, oldest first; none where there is no such file. */
export async function readLogTail(folder: string, lines = 100): Promise<LogLine[]> {
  return (await readLastLines(join(folder, 'log.jsonl'))).flatMap(parseLine).slice(-lines)
}

/** The last lines of a text file, oldest first and without those that are empty; none where there is no such file. */
export async function readLastLines(path: string): Promise<string[]> {
  const file = await open(path).catch(() => null)
  if (!file) return []
  try {
    const { size } = await file.stat()
    const bytes = Buffer.alloc(Math.min(size, bytesAtMost))
    const { bytesRead } = await file.read(bytes, 0, bytes.length, size - bytes.length)
    const lines = bytes.toString('utf8', 0, bytesRead).split('\n')
    if (size > bytes.length) lines.shift() // its beginning is cut off
    return lines.filter((line) => line.trim() !== '')
  } finally {
    await file.close()
  }
}

function parseLine(line: string): LogLine[] {
  try {
    const { level, time, msg = '', ...rest } = JSON.parse(line) as Record<string, unknown>
    const facts = Object.entries(rest).map(([name, value]) => `${name} ${say(value)}`)
    const text = [msg, ...facts].filter((part) => part !== '').join('; ')
    return [{ at: typeof time === 'string' ? time : null, level: levels[Number(level)] ?? 'info', text }]
  } catch {
    return [] // a line that is being written
  }
}

function say(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
