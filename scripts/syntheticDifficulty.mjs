// How hard the synthetic patches are: accuracy on the unseen center of mean colour and of texture, with and
// without Macenko's normalisation. Prints the table of docs/synthetic.md.
// Usage: npm run build && node scripts/syntheticDifficulty.mjs [difficulty] [seeds] [train,val,test]

import { f32, pixels } from '../dist/base/index.js'
import { headMethods } from '../dist/classify/index.js'
import { createTexture, textureNames } from '../dist/embed/texture/texture.js'
import { stainMethods } from '../dist/stain/index.js'
import { renderSyntheticBatch, syntheticDefaults } from '../dist/synthetic/index.js'

const difficulty = Number(process.argv[2] ?? syntheticDefaults.difficulty)
const seeds = Number(process.argv[3] ?? 3)
const [train, val, test] = (process.argv[4] ?? '2000,500,1000').split(',').map(Number)
const splits = ['train', 'val', 'test']
const side = syntheticDefaults.size
const bytes = side * side * 3

/** Pixels and labels of each split, none aberrant. */
function render(seed) {
  const counts = { train, val, test }
  const options = { ...syntheticDefaults, seed, counts, difficulty, aberrantShare: 0 }
  const rendered = splits.map((split) => {
    const batch = renderSyntheticBatch({ options, split, from: 0, count: counts[split] })
    return [split, { data: batch.pixels, labels: Uint8Array.from(batch.truths, ({ label }) => label) }]
  })
  return Object.fromEntries(rendered)
}

async function normalise(sets) {
  const { macenko } = stainMethods
  async function* reference() {
    yield pixels(sets.train.data.subarray(0, bytes), 1, side, side)
  }
  const fit = await macenko.fit(reference(), macenko.defaults)
  const normalised = {}
  for (const [split, { data, labels }] of Object.entries(sets)) {
    const result = await macenko.apply(pixels(data, labels.length, side, side), fit, macenko.defaults)
    normalised[split] = { data: result.pixels.data, labels }
  }
  return normalised
}

/** Means of the channels as `see` sees a value, and their standard deviations where `withSpread`. */
function colour(see, withSpread) {
  const table = Float32Array.from({ length: 256 }, (_, value) => see(value))
  const measure = (data, start, out, at) => {
    for (let channel = 0; channel < 3; channel++) {
      let sum = 0
      let squares = 0
      for (let i = start + channel; i < start + bytes; i += 3) {
        sum += table[data[i]]
        squares += table[data[i]] ** 2
      }
      const mean = sum / (side * side)
      out[at + channel] = mean
      if (withSpread) out[at + 3 + channel] = Math.sqrt(Math.max(0, squares / (side * side) - mean * mean))
    }
  }
  return { dimensions: withSpread ? 6 : 3, measure }
}

const light = (value) => value / 255
const density = (value) => -Math.log((value + 1) / 256)
const texture = { dimensions: textureNames.length, measure: createTexture(side, side).measure }

const rows = [
  { name: 'mean RGB', features: colour(light, false), head: 'logistic' },
  { name: 'mean optical density', features: colour(density, false), head: 'logistic' },
  { name: 'mean and spread of RGB', features: colour(light, true), head: 'logistic' },
  { name: 'texture', features: texture, head: 'logistic' },
  { name: 'texture', features: texture, head: 'mlp' },
  { name: 'texture after Macenko', features: texture, head: 'logistic', isNormalised: true },
  { name: 'texture after Macenko', features: texture, head: 'mlp', isNormalised: true },
]

async function score({ features, head }, sets, seed) {
  const labelled = {}
  for (const split of splits) {
    const { data, labels } = sets[split]
    const x = new Float32Array(labels.length * features.dimensions)
    for (let i = 0; i < labels.length; i++) features.measure(data, i * bytes, x, i * features.dimensions)
    labelled[split] = { x: f32([labels.length, features.dimensions], x), y: labels }
  }
  const method = headMethods[head]
  const fitted = await method.fit(labelled.train, labelled.val, method.defaults, seed)
  const accuracy = async ({ x, y }) => {
    const predicted = await fitted.predict(x)
    return predicted.reduce((right, p, i) => right + Number(p > 0.5 === (y[i] === 1)), 0) / y.length
  }
  return { val: await accuracy(labelled.val), test: await accuracy(labelled.test) }
}

const scores = rows.map(() => ({ val: [], test: [] }))
for (let seed = 0; seed < seeds; seed++) {
  const plain = render(seed)
  const normalised = await normalise(plain)
  for (const [i, row] of rows.entries()) {
    const { val, test } = await score(row, row.isNormalised ? normalised : plain, seed)
    scores[i].val.push(val)
    scores[i].test.push(test)
    console.error(`seed ${seed}  ${row.name}, ${row.head}: ${val.toFixed(3)} ${test.toFixed(3)}`)
  }
}

const show = (values) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const deviation = Math.sqrt(
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1 || 1),
  )
  return `${(100 * mean).toFixed(1)} (${(100 * deviation).toFixed(1)})`
}
console.log('| features | head | center 1 | center 2 |\n|---|---|---|---|')
for (const [i, { name, head }] of rows.entries()) {
  console.log(`| ${name} | ${head} | ${show(scores[i].val)} | ${show(scores[i].test)} |`)
}
