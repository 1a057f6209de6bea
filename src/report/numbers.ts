// Numbers as text: one way to write a share, an interval, a duration and a count, everywhere in the report.

import type { Interval, OverSeeds, PairedDifference } from './data.ts'

const NARROW_SPACE = '\u202f'
const ABSENT = '–'

/** A share as a percentage without its sign, e.g. `91.2`; a dash where there is none. */
export function formatShare(value: number | null | undefined): string {
  return isFigure(value) ? (value * 100).toFixed(1) : ABSENT
}

/** A share as a percentage, e.g. `91.2 %`. */
export function formatPercent(value: number | null | undefined): string {
  return isFigure(value) ? `${formatShare(value)}${NARROW_SPACE}%` : ABSENT
}

/** A metric between −1 and 1 to three places, e.g. `0.957`. */
export function formatUnit(value: number | null | undefined): string {
  return isFigure(value) ? formatSigned(value, 3) : ABSENT
}

/** The bounds of an interval under the same formatter as its value, e.g. `90.1–92.3`. */
export function formatBounds(interval: Interval, format: (value: number) => string): string {
  return `${format(interval.low)}–${format(interval.high)}`
}

/** A number that may be below 0, with a minus sign of its own width, but none before a 0: `−0.4`. */
export function formatSigned(value: number, digits: number): string {
  return value
    .toFixed(digits)
    .replace(/^-(?=[0.]*$)/, '')
    .replace('-', '−')
}

/** A difference of shares in points: `−0.4`. */
export function formatPoints(difference: number): string {
  return formatSigned(100 * difference, 1)
}

/** A difference of shares in points, with its interval and p: `1.7 points, 95 % interval −0.4 to 3.8, p = 0.094`. */
export function formatDifference({ difference, p }: PairedDifference): string {
  const chance = p < 0.001 ? `p ${formatP(p)}` : `p = ${formatP(p)}`
  return `${formatPoints(difference.value)} points, 95${NARROW_SPACE}% interval ${formatPoints(difference.low)} to ${formatPoints(difference.high)}, ${chance}`
}

/** A p: `0.094`, `0.31`, `< 0.001`; a dash where there is none. */
export function formatP(p: number | undefined): string {
  if (!isFigure(p)) return ABSENT
  return p < 0.001 ? '< 0.001' : p.toFixed(p < 0.1 ? 3 : 2)
}

/** Mean and standard deviation in per cent, e.g. `91.2 ± 0.6`. */
export function formatOverSeeds(figure: OverSeeds | null): string {
  return figure ? `${formatShare(figure.mean)} ± ${formatShare(figure.sd)}` : ABSENT
}

/** A whole number with thousands set apart, e.g. `34,904`. */
export function formatCount(value: number): string {
  return isFigure(value)
    ? Math.round(value)
        .toString()
        .replace(/\B(?=(\d{3})+$)/g, ',')
    : ABSENT
}

/** Seconds as a reader says them: `0.42 s`, `12.3 s`, `3 min 12 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number | null | undefined): string {
  if (!isFigure(seconds)) return ABSENT
  const unit = (amount: number | string, name: string) => `${amount}${NARROW_SPACE}${name}`
  if (seconds < 1) return unit(seconds.toFixed(2), 's')
  if (seconds < 59.95) return unit(seconds.toFixed(1), 's')
  const whole = Math.round(seconds)
  if (whole < 3600) return `${unit(Math.floor(whole / 60), 'min')} ${unit(whole % 60, 's')}`
  return `${unit(Math.floor(whole / 3600), 'h')} ${unit(Math.round((whole % 3600) / 60), 'min')}`
}

/** Mebibytes, or gibibytes from 1,000 on: `412 MB`, `1.3 GB`. */
export function formatMemory(megabytes: number): string {
  if (!isFigure(megabytes)) return ABSENT
  return megabytes < 1000
    ? `${Math.round(megabytes)}${NARROW_SPACE}MB`
    : `${(megabytes / 1024).toFixed(1)}${NARROW_SPACE}GB`
}

/** A measured value of unknown scale, to four significant digits, whole numbers in full. */
export function formatValue(value: number): string {
  if (!isFigure(value)) return ABSENT
  return Number.isInteger(value) ? formatCount(value) : String(Number(value.toPrecision(4)))
}

/** `1 seed`, `3 seeds`. */
export function formatPlural(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`
}

/** `a`, `a and b`, `a, b and c`. */
export function formatList(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

function isFigure(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

/** A number as charts draw it: four places are more than can be seen, and the page stays small. */
export function roundDrawn(value: number): number {
  return Math.round(value * 1e4) / 1e4
}
