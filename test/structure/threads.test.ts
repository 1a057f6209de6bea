// Who opens a session or worker threads says how many threads it may take: jobs that run beside each other share the cores,
// and one that takes all of them slows the others.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

// Options that are handed on as they came hold the number of threads too.
const handedOn = /\bthreads\b|\.\.\.(?:options|place|session)\b|\boptions\)|, (?:options|settings)$/

// What stands between the brackets of each call of `name`.
function findCalls(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`(?<!function )\\b${name}(?:<[^()]*>)?\\(`, 'g'))].map((match) => {
    const start = match.index + match[0].length
    let depth = 1
    let end = start
    for (; depth > 0 && end < text.length; end++) depth += { '(': 1, ')': -1 }[text[end]] ?? 0
    return text
      .slice(start, end - 1)
      .replace(/\s+/g, ' ')
      .replace(/,? $/, '')
  })
}

function findSilent(text: string): string[] {
  return ['openSession', 'openWorkers'].flatMap((name) =>
    findCalls(text, name).filter((call) => !handedOn.test(call)),
  )
}

describe('sessions and workers', () => {
  it('are opened with the number of threads that the user gave', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    )
    const calls = files.flatMap((file) =>
      findSilent(readFileSync(join('src', file), 'utf8')).map((call) => `${file}: ${call}`),
    )
    // Synthetic patches are made by a command that has no option for it.
    expect(calls).toEqual(['cli/makeSynthetic.ts: syntheticWorker'])
  })

  it('are found where they are opened without', () => {
    const silent = "const s = await openSession(emit(network), { provider: 'cpu' })"
    expect(findSilent(silent)).toEqual(["emit(network), { provider: 'cpu' }"])
    expect(findSilent("openSession(emit(x), { provider: 'cpu', threads })")).toEqual([])
    expect(findSilent('openWorkers<A, B>(url)')).toEqual(['url'])
    expect(findSilent('openSession(emit(x), options)')).toEqual([])
  })
})
