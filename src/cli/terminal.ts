// What a person sees while work runs: one live line on a terminal, plain lines elsewhere, always on stderr,
// so that stdout carries results only.

import type { Progress } from '../base/index.ts'
import type { StudyObserver } from '../study/index.ts'

const out = process.stderr
const live = Boolean(out.isTTY)
const colour = live && !process.env.NO_COLOR
const paint = (code: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)

/** Text in bold, dim, green, yellow or red, plain where colour is off. */
export const bold = (text: string) => paint(1, text)
export const dim = (text: string) => paint(2, text)
export const green = (text: string) => paint(32, text)
export const yellow = (text: string) => paint(33, text)
export const red = (text: string) => paint(31, text)

/** A line to the person at the terminal (stderr). */
export function say(text = ''): void {
  out.write(`${text}\n`)
}

/** A line on something that happens beside the work, as another process that is waited for. */
export function sayNote(sentence: string): void {
  clearLine()
  say(dim(sentence))
}

/** Shows each step of a study with its progress, rate and time left; several that run at once share the live line. */
export function observeOnTerminal(): StudyObserver {
  const running = new Map<object, string>() // how far each is, in short
  return {
    note: sayNote,
    warn(sentence) {
      clearLine()
      say(`${yellow('Warning:')} ${sentence}`)
    },
    step(stage, what) {
      const title = `${stage.padEnd(9)}${what}`
      const started = performance.now()
      const showAlone = showProgress(title)
      const showAll = showLine()
      const own = {}
      running.set(own, title)
      return {
        progress(done, total, note) {
          const share = total ? ` ${Math.floor((100 * done) / total)} %` : ''
          running.set(own, `${stage} ${what}${share}`)
          if (running.size === 1 || !live) showAlone(done, total, note)
          else showAll(() => `… ${running.size} at once: ${[...running.values()].join('; ')}`)
        },
        end(cached, note) {
          running.delete(own)
          const seconds = (performance.now() - started) / 1000
          const took = cached ? dim('cached') : dim(formatSeconds(seconds))
          clearLine()
          say(
            `${green('✓')} ${title}${' '.repeat(Math.max(1, 52 - title.length))}${took}${note ? dim(`  ${note}`) : ''}`,
          )
        },
        fail(reason) {
          running.delete(own)
          clearLine()
          say(`${red('✗')} ${title}: ${reason}`)
        },
      }
    },
  }
}

/** A progress for work called `title`: redrawn in place on a terminal, a line every ten seconds elsewhere. */
export function showProgress(title: string): Progress {
  const started = performance.now()
  const show = showLine()
  return (done, total, note) =>
    show(() => describeProgress(title, done, total, (performance.now() - started) / 1000, note))
}

// Shows a text now and then: in the live line of a terminal, as a line of its own elsewhere.
function showLine(): (text: () => string) => void {
  let shown = performance.now()
  return (text) => {
    const now = performance.now()
    if (now - shown < (live ? 100 : 10_000)) return
    shown = now
    if (live) out.write(`\r\u001b[K${text().slice(0, (out.columns ?? 80) - 1)}`)
    else say(text())
  }
}

/** Wipes the live line, where there is one. */
export function clearLine(): void {
  if (live) out.write('\r\u001b[K')
}

function describeProgress(
  title: string,
  done: number,
  total: number | undefined,
  seconds: number,
  note?: string,
): string {
  const rate = done / seconds
  const parts = [
    `… ${title}`,
    total === undefined ? formatCount(done) : `${formatCount(done)}/${formatCount(total)}`,
  ]
  if (seconds > 1 && rate > 0) {
    parts.push(`${formatCount(Math.round(rate))}/s`)
    if (total !== undefined && done < total) parts.push(`ETA ${formatSeconds((total - done) / rate)}`)
  }
  if (note) parts.push(note)
  return parts.join('  ')
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `34,904`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}

/** A table in plain text: the first column left, numbers right. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)))
  const numeric = header.map((_, i) => i > 0 && rows.every((row) => /^[\d.,%±–\- ()[\]]*$/.test(row[i])))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join('  ')
      .trimEnd()
  return [bold(line(header)), ...rows.map(line)].join('\n')
}
