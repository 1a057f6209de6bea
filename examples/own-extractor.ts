// Your own ONNX model as an extractor: it embeds patches, and a head is trained on the embeddings.
//
// It needs an ONNX file with one input for pictures, [batch, 3, height, width] or [batch, height, width, 3], and the mean
// and standard deviation that its pixels were normalised with. The stand-in is a small network of random filters,
// written here; export yours from PyTorch or wherever it was trained.
//
// Run it in a clone of Eosin: npx tsx examples/own-extractor.ts

import { mkdir, writeFile } from 'node:fs/promises'
import { f32, joinFloats, openRandom } from 'eosin/base'
import { headMethods } from 'eosin/classify'
import { type Extractor, embedPatches, openExtractor } from 'eosin/embed'
import { evaluate } from 'eosin/evaluate'
import { constant, conv, emitModel, input, reduceMean, relu } from 'eosin/graph'
import { allRows, type PatchSet, readPixels } from 'eosin/patches'
import { openSyntheticSet } from 'eosin/synthetic'

await mkdir('own-extractor') // everything is written there
process.chdir('own-extractor')

// 1. The stand-in for your model: two convolutions with random filters, and the mean of each feature map.
const random = openRandom(0, 'filters')
const draw = (...shape: number[]) => {
  const count = shape.reduce((product, side) => product * side)
  return constant(
    f32(
      shape,
      Array.from({ length: count }, () => random.normal() / 8),
    ),
  )
}
const images = input('images', ['batch', 3, 96, 96])
const maps = relu(conv(images, draw(32, 3, 5, 5), { stride: 2 }))
const features = relu(conv(maps, draw(64, 32, 3, 3), { stride: 2 }))
await writeFile('model.onnx', emitModel({ embedding: reduceMean(features, { axes: [2, 3] }) }))

// 2. The extractor. Options are those of docs/embed.md; a preprocessor_config.json beside the model is read too.
const extractor = await openExtractor({
  name: 'onnx:model.onnx',
  mean: [0.7, 0.55, 0.7],
  std: [0.2, 0.2, 0.2],
})

// 3. Patches of training hospitals and of another, which are synthetic here. Yours: await openPatchSet('train.h5').
const train = await embed(openSyntheticSet('train', { counts: { train: 240, val: 120, test: 1 } }), extractor)
const val = await embed(openSyntheticSet('val', { counts: { train: 240, val: 120, test: 1 } }), extractor)
await extractor.close()

// 4. A head, trained on some hospitals and evaluated on another one that has selected its penalty.
const head = await headMethods.logistic.fit(train, val, headMethods.logistic.defaults, 0)
const probabilities = await head.predict(val.x)
await head.close()
const { accuracy, auroc } = evaluate({ labels: val.y, slides: val.slides, probabilities, seed: 0 })
console.log(`${extractor.dimensions} dimensions`)
console.log(`accuracy ${accuracy.value.toFixed(3)} [${accuracy.low.toFixed(3)}-${accuracy.high.toFixed(3)}]`)
console.log(`AUROC    ${auroc?.value.toFixed(3)} [${auroc?.low.toFixed(3)}-${auroc?.high.toFixed(3)}]`)

// The same on the command line, and in a recipe:
//   eosin embed train.h5 --extractor onnx:model.onnx --set mean=0.7,0.55,0.7 std=0.2,0.2,0.2 --out embeddings
//   embed: [{ extractor: onnx:model.onnx, mean: [0.7, 0.55, 0.7], std: [0.2, 0.2, 0.2] }]

async function embed(set: PatchSet, by: Extractor) {
  const parts: Float32Array[] = []
  const batches = readPixels(set, allRows(set))
  await embedPatches({ batches, extractor: by, append: (rows) => void parts.push(rows) })
  return { x: f32([set.count, by.dimensions], joinFloats(parts)), y: set.labels!, slides: set.slides }
}
