// Runs: all of them, one of them, or one beside another.

import type { PageProps } from '../../pages.ts'
import { Compare } from './compare.tsx'
import { RunList } from './list.tsx'
import { RunView } from './run.tsx'
import './runs.css'

/** `#/runs`, `#/runs/NAME`, `#/runs/NAME/with/OTHER`. */
export function Page({ path: [name, word, other] }: PageProps) {
  if (name === undefined) return <RunList />
  if (word === 'with' && other !== undefined) return <Compare a={name} b={other} />
  return <RunView key={name} name={name} />
}
