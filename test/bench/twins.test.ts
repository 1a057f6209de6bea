import { expect, test } from 'vitest'
import { countCode, measureCosines, measureDifference } from '../../bench/compareTwins.ts'
import { nameBlas, warnOfBlas } from '../../bench/peerBlas.ts'
import { measureTree, runTree } from '../../bench/processTree.ts'

test('lines of code are those that are neither blank nor comment nor docstring', () => {
  const python =
    '"""What it\n\ndoes."""\n\nimport os\n\n\ndef f(x):\n    """One line."""\n    # why\n    return x  # so\n'
  expect(countCode(python)).toBe(3)
  expect(countCode('name: twin # a name\n\n# a comment\nseeds: 1\n')).toBe(2)
})

test('the difference of two arrays is its largest one and the share that differs', () => {
  expect(measureDifference([1, 2, 3, 4], [1, 4, 3, 3])).toEqual({ largest: 2, share: 0.5 })
  expect(() => measureDifference([1], [1, 2])).toThrow(RangeError)
})

test('cosines are taken row by row', () => {
  const { least, mean } = measureCosines([1, 0, 1, 0], [2, 0, 0, 3], 2)
  expect(least).toBe(0)
  expect(mean).toBe(0.5)
})

test('the memory of a tree of processes holds that of children', async () => {
  const hold = 'const b = Buffer.alloc(150e6, 1); setTimeout(() => console.log(b.length), 1500)'
  const parent = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(hold)}], { stdio: 'inherit' })`
  const { peakRssMb, stdout } = await runTree(process.execPath, ['-e', parent])
  expect(stdout).toBe('150000000\n')
  if (process.platform === 'linux') expect(peakRssMb).toBeGreaterThan(150)
  expect(measureTree(-1)).toBe(0)
})

test('a command that fails says why', async () => {
  await expect(runTree(process.execPath, ['-e', "throw Error('planted')"])).rejects.toThrow('planted')
})

test('the BLAS of the peers is told from what Python has loaded', () => {
  const line = (path: string) => `7f00-7f01 r-xp 00000000 fe:00 1 ${path}`
  const plain = line('/usr/lib/x86_64-linux-gnu/blas/libblas.so.3.11.0')
  const open = line('/usr/lib/x86_64-linux-gnu/openblas-pthread/libblas.so.3')
  expect(nameBlas(`${line('/usr/lib/libc.so.6')}\n${plain}`)).toBe('reference')
  expect(nameBlas(open)).toBe('openblas')
  expect(nameBlas(line('/usr/lib/libc.so.6'))).toBeNull()
  expect(warnOfBlas('reference')).toContain('libopenblas0')
  expect(warnOfBlas('openblas')).toBeNull()
})
