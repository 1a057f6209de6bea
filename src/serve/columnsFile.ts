// The columns of a set on their way to a page: safetensors, with the names in its metadata. 100,000 patches are some 2 MB.

import { ndarray } from '../base/index.ts'
import { readSafetensors, readSafetensorsHeader, writeSafetensors } from '../formats/index.ts'
import type { SetColumns } from './api.ts'

const prefix = 'verdict/'

/** The bytes of a set's columns. */
export function writeColumns({
  split,
  center,
  slide,
  label,
  rule,
  verdicts,
  ...facts
}: SetColumns): Uint8Array {
  const bytes = (values: Uint8Array) => ndarray('u8', [values.length], values)
  const words = (values: Int32Array) => ndarray('i32', [values.length], values)
  return writeSafetensors(
    {
      center: words(center),
      slide: words(slide),
      split: bytes(split),
      label: bytes(label),
      rule: bytes(rule),
      ...Object.fromEntries(
        Object.entries(verdicts).map(([stain, codes]) => [`${prefix}${stain}`, bytes(codes)]),
      ),
    },
    { facts: JSON.stringify(facts) },
  )
}

/** Reads what `writeColumns` wrote. Throws DataError for anything else. */
export function readColumns(bytes: Uint8Array): SetColumns {
  const where = 'columns'
  const { metadata } = readSafetensorsHeader(bytes, where)
  const tensors = readSafetensors(bytes, where)
  const facts = JSON.parse(metadata.facts) as Omit<
    SetColumns,
    'split' | 'center' | 'slide' | 'label' | 'rule' | 'verdicts'
  >
  const take = (name: string) => tensors[name].data as Uint8Array
  const verdicts = Object.keys(tensors).flatMap((name) =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), take(name)] as const] : [],
  )
  return {
    ...facts,
    center: tensors.center.data as Int32Array,
    slide: tensors.slide.data as Int32Array,
    split: take('split'),
    label: take('label'),
    rule: take('rule'),
    verdicts: Object.fromEntries(verdicts),
  }
}
