// Numbers as these pages print them, each with its unit.

import type { ShareWithInterval } from '../../../src/serve/browser.ts'

/** `1,234` */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** `1 patch`, `1,234 patches` */
export function formatNumber(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`
}

/** `90.7 % (88.1 to 92.9)` */
export function formatAccuracy(share: ShareWithInterval | null): string {
  if (!share) return 'not known'
  const points = (value: number) => (100 * value).toFixed(1)
  return `${points(share.value)} % (${points(share.low)} to ${points(share.high)})`
}

/** `0.953 (0.931 to 0.970)` */
export function formatAuroc(value: ShareWithInterval | null): string {
  return value
    ? `${value.value.toFixed(3)} (${value.low.toFixed(3)} to ${value.high.toFixed(3)})`
    : 'not known'
}

/** `4 s`, `3 min`, `2 h 05 min` */
export function formatSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** A rate of patches or rows: `1,200 / s`, `3.4 / s` */
export function formatRate(perSecond: number | null): string {
  if (perSecond === null) return 'not known yet'
  return `${perSecond >= 100 ? formatCount(perSecond) : perSecond.toPrecision(2)} / s`
}

/** A moment as the reader's clock has it. */
export function formatWhen(iso: string): string {
  const date = new Date(iso)
  return date.getTime() === 0
    ? 'not known'
    : date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' })
}

/** A probability: `0.93`, and never 0 or 1 where it is neither. */
export function formatProbability(value: number): string {
  if (value > 0.995 && value < 1) return '> 0.99'
  if (value < 0.005 && value > 0) return '< 0.01'
  return value.toFixed(2)
}
