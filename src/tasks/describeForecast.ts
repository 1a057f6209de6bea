// A forecast in words.

import type { Forecast, TaskForecast } from './forecast.ts'

/** A forecast in a sentence or two: `Forecast: about 12 min with 2 jobs (measured on this machine), 340 MB of disk, ...` */
export function describeForecast(forecast: Forecast): string {
  const { tasks, seconds, low, high, jobs, bytes, peakRssMb } = forecast
  if (tasks.length === 0) return 'Forecast: nothing is left to do.'
  const unknown = tasks.filter(({ known }) => known === 'unknown')
  if (unknown.length === tasks.length)
    return `Forecast: not known, since nothing like it has run on this machine yet (${listClasses(unknown)}).`
  const [least, most] = [low, high].map(sayDuration)
  const range = least === most ? '' : `, ${least} to ${most}`
  const about = unknown.length > 0 ? 'at least' : 'about'
  const costs = [
    `${about} ${sayDuration(seconds)} with ${countOf(jobs, 'job')} (${sayHow(tasks)}${range})`,
    `${sayBytes(bytes)} of disk`,
    `${sayBytes(peakRssMb * 2 ** 20)} of memory`,
  ]
  const rest = `Not known: ${countOf(unknown.length, 'task')} (${listClasses(unknown)}).`
  return [`Forecast: ${costs.join(', ')}.`, ...(unknown.length > 0 ? [rest] : [])].join(' ')
}

const hows = {
  measured: 'measured on this machine',
  similar: 'by similar work on this machine',
  sampled: 'sampled on a few patches',
} as const

// How most of the time is known, and what is known otherwise.
function sayHow(tasks: readonly TaskForecast[]): string {
  const shares = (Object.keys(hows) as (keyof typeof hows)[]).flatMap((known) => {
    const own = tasks.filter((task) => task.known === known)
    return own.length === 0 ? [] : [{ known, seconds: own.reduce((sum, { seconds }) => sum + seconds, 0) }]
  })
  const all = shares.reduce((sum, { seconds }) => sum + seconds, 0)
  const [first, ...others] = shares.toSorted((a, b) => b.seconds - a.seconds)
  const rest = others.filter(({ seconds }) => seconds >= 0.05 * all)
  const percent = (seconds: number) => `${Math.round((100 * seconds) / all)} % `
  return [first, ...rest]
    .map(({ known, seconds }) => (rest.length > 0 ? percent(seconds) : '') + hows[known])
    .join(', ')
}

function listClasses(tasks: readonly TaskForecast[]): string {
  const classes = [...new Set(tasks.map((task) => task.class))]
  const more = classes.length - 5
  return [...classes.slice(0, 5), ...(more > 0 ? [`${more} more`] : [])].join('; ')
}

const countOf = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

/** A duration as roughly as it is known: `under 1 s`, `40 s`, `12 min`, `2 h 30 min`, `3 days`. */
export function sayDuration(seconds: number): string {
  if (seconds < 1) return 'under 1 s'
  if (seconds < 99.5) return `${roundTo(seconds, seconds < 20 ? 1 : 5)} s`
  const minutes = seconds / 60
  if (minutes < 99.5) return `${roundTo(minutes, minutes < 20 ? 1 : 5)} min`
  const hours = minutes / 60
  if (hours < 10) {
    const tenths = roundTo(minutes, 10)
    return [`${Math.floor(tenths / 60)} h`, ...(tenths % 60 ? [`${tenths % 60} min`] : [])].join(' ')
  }
  return hours < 72 ? `${Math.round(hours)} h` : countOf(Math.round(hours / 24), 'day')
}

/** Bytes to two digits: `340 MB`. */
export function sayBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const rounded = Number(bytes.toPrecision(2))
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, rounded)) / 3))
  return `${Number((rounded / 1000 ** step).toPrecision(2))} ${units[step]}`
}

const roundTo = (value: number, step: number) => step * Math.round(value / step)
