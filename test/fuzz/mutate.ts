// Damages a file as disks, networks, editors and other people's programs do: by a seed, so that each case can be had
// again.

import { openRandom, type Random } from '../../src/base/index.ts'

type Mutation = (bytes: Buffer, random: Random, donors: readonly Buffer[]) => Buffer

const flipBits: Mutation = (bytes, random) => {
  for (let i = random.integer(8); i >= 0; i--) bytes[random.integer(bytes.length)] ^= 1 << random.integer(8)
  return bytes
}

const setBytes: Mutation = (bytes, random) => {
  const at = random.integer(bytes.length)
  const value = [0, 0xff, 0x7f, 0x80, random.integer(256)][random.integer(5)]
  bytes.subarray(at, at + 1 + random.integer(8)).fill(value)
  return bytes
}

const truncate: Mutation = (bytes, random) => bytes.subarray(0, random.integer(bytes.length))

const splice: Mutation = (bytes, random, donors) => {
  const donor = donors[random.integer(donors.length)]
  const start = random.integer(donor.length)
  donor.copy(bytes, random.integer(bytes.length), start, start + 1 + random.integer(256))
  return bytes
}

const duplicate: Mutation = (bytes, random) => {
  const start = random.integer(bytes.length)
  const part = bytes.subarray(start, start + 1 + random.integer(256))
  const at = random.integer(2) === 0 ? start : random.integer(bytes.length)
  return Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)])
}

const remove: Mutation = (bytes, random) => {
  const start = random.integer(bytes.length)
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + 1 + random.integer(64))])
}

// What a length, a count or an address may be made to say.
const extremes = [0n, 1n, 0x7fn, 0xffn, 0xffffn, 0x7fff_ffffn, 0xffff_ffffn, 1n << 32n, 1n << 40n, 1n << 53n]
const widest = [(1n << 63n) - 1n, (1n << 64n) - 1n]

const stretch: Mutation = (bytes, random) => {
  const width = [1, 2, 4, 8][random.integer(4)]
  if (bytes.length < width) return bytes
  const all = [
    ...extremes,
    ...widest,
    BigInt(bytes.length),
    BigInt(bytes.length + 1),
    BigInt(random.integer(2 ** 32)),
  ]
  const value = all[random.integer(all.length)]
  // Most formats align what they count.
  const step = random.integer(3) === 0 ? 1 : width
  const at = Math.min(bytes.length - width, random.integer(Math.ceil(bytes.length / step)) * step)
  for (let i = 0; i < width; i++) bytes[at + i] = Number((value >> BigInt(8 * i)) & 0xffn)
  return bytes
}

const binary: readonly Mutation[] = [
  flipBits,
  setBytes,
  truncate,
  splice,
  duplicate,
  remove,
  stretch,
  stretch,
]

// Words that readers of text have stumbled on.
const words = [
  ...[
    '',
    ' ',
    '0',
    '-1',
    '1e9',
    '1e309',
    '0x10',
    'NaN',
    'null',
    'true',
    '~',
    '[]',
    '{}',
    '[[[[',
    '}}',
    '"',
    "'",
  ],
  ...[
    '&a',
    '*a',
    '&a [*a, *a]',
    '<<: *a',
    '!!binary',
    '!!js/function',
    '? ',
    '- ',
    ': ',
    '---\n',
    '\t',
    '\r',
    '\0',
  ],
  ...[
    '=1+1',
    ',',
    ';',
    '\ufeff',
    '\u00e9',
    '\ud83d\ude00',
    '__proto__',
    'constructor',
    '../../x',
    '/dev/zero',
    '/',
  ],
  ...['9007199254740993', '99999999999999999999', '0.1', '01', 'tumor', 'x'.repeat(5000)],
]

const replaceWord: Mutation = (bytes, random) => {
  const text = bytes.toString('utf8')
  const found = [...text.matchAll(/[\w./-]+|[^\s\w]/g)]
  if (found.length === 0) return bytes
  const { index, 0: old } = found[random.integer(found.length)]
  const other = found[random.integer(found.length)][0]
  const word = random.integer(4) === 0 ? other : words[random.integer(words.length)]
  return Buffer.from(text.slice(0, index) + word + text.slice(index + old.length))
}

const repeatLine: Mutation = (bytes, random) => {
  const lines = bytes.toString('utf8').split('\n')
  const [from, to] = [random.integer(lines.length), random.integer(lines.length)]
  lines.splice(to, random.integer(2), ...Array.from({ length: 1 + random.integer(40) }, () => lines[from]))
  return Buffer.from(lines.join('\n'))
}

const indentLine: Mutation = (bytes, random) => {
  const lines = bytes.toString('utf8').split('\n')
  const at = random.integer(lines.length)
  lines[at] = random.integer(2) === 0 ? `  ${lines[at]}` : lines[at].trimStart()
  return Buffer.from(lines.join('\n'))
}

const text: readonly Mutation[] = [replaceWord, replaceWord, replaceWord, repeatLine, indentLine, ...binary]

/** Case `number` of a format: one of its `seeds`, damaged in one to four ways. */
export function mutate(
  format: string,
  seeds: readonly Buffer[],
  isText: boolean,
  seed: number,
  number: number,
): Buffer {
  const random = openRandom(seed, format, number)
  let bytes: Buffer = Buffer.from(seeds[random.integer(seeds.length)])
  const mutations = isText ? text : binary
  for (let i = random.integer(4); i >= 0 && bytes.length > 0; i--) {
    bytes = mutations[random.integer(mutations.length)](bytes, random, seeds)
  }
  return bytes
}
