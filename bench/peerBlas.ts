// Which BLAS the peers' matrix products run on. Debian's PyTorch and NumPy take whatever `libblas.so.3` is installed, and without
// libopenblas0 that is the reference one, some thirty times slower: a ratio to it says nothing.

import { spawnSync } from 'node:child_process'

/** A BLAS by name; null where NumPy is not installed or the system does not show what is loaded. */
export type BlasName = 'openblas' | 'mkl' | 'blis' | 'atlas' | 'reference' | null

const known = ['openblas', 'mkl', 'blis', 'atlas'] as const

/** The BLAS that Debian's Python loads here. */
export function findPeerBlas(): BlasName {
  const show = "import numpy; print(open('/proc/self/maps').read())"
  const { status, stdout } = spawnSync('/usr/bin/python3', ['-c', show], { encoding: 'utf8' })
  return status === 0 ? nameBlas(stdout) : null
}

/** Tells it from the files that a process has mapped, as /proc/self/maps lists them. */
export function nameBlas(maps: string): BlasName {
  const blas = maps.split('\n').filter((line) => /lib(blas|openblas|mkl|blis|atlas)[^/]*\.so/.test(line))
  if (blas.length === 0) return null
  return known.find((name) => blas.some((line) => line.includes(name))) ?? 'reference'
}

/** What to say before figures beside such peers; null where there is nothing to say. */
export function warnOfBlas(blas: BlasName): string | null {
  if (blas !== 'reference') return null
  return "the Python peers here run on Debian's reference BLAS, many times slower than OpenBLAS: their figures, and ratios to them, say nothing. apt-get install libopenblas0"
}
