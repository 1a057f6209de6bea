// Every command with wrong inputs: the right exit code, one to three lines, and never a stack, a code of the system or
// the word that it is a defect.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from './runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-wrong-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

beforeAll(async () => {
  const made = await runCli(['patches', 'make', 'data', '--train', '6', '--val', '4', '--test', '4'], folder)
  expect(made.code).toBe(0)
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content)
  mkdirSync(join(folder, 'folder'))
  write('empty', '')
  write('text.txt', 'hello world, this is no such file\n')
  write('zeros.bin', new Uint8Array(5000))
  write('latin.csv', Buffer.from('id,probability,label\n1,0.5,1\n\u00e4,0.5,0\n', 'latin1'))
  write('utf16.csv', Buffer.from('\ufeffid,probability\n', 'utf16le'))
  write('page.yaml', '<!DOCTYPE html><html><title>Sign in</title></html>')
  write('pointer.yaml', 'version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 12\n')
  const tar = Buffer.alloc(512)
  tar.write('ustar', 257, 'latin1')
  write('tar.h5', Buffer.concat([tar, readFileSync(join(folder, small)), Buffer.alloc(1024)]))
  const rest =
    'data: { train: { path: a }, val: { path: b } }\nstain: [none]\nembed: [texture]\nclassify: [mlp]\n'
  write('long.yaml', `name: ${'x'.repeat(900_000)}!\n${rest}`)
}, 60_000)

const small = 'data/val.h5'
const onnx = `embed ${small} --set mean=0,0,0 std=1,1,1 --out o --extractor onnx:`

// [what is typed, the exit code, what is said]
const cases: readonly (readonly [string, 1 | 2, RegExp])[] = [
  // files and folders that are not what they should be
  ['patches info nowhere', 1, /^eosin: nowhere: got no such file or folder$/],
  ['patches info folder', 1, /^eosin: folder: expected patches/],
  ['patches info empty', 1, /^eosin: empty: expected patches .* an empty file/],
  ['patches check text.txt', 1, /^eosin: text.txt: expected patches .*got text that begins/],
  ['quality utf16.csv', 1, /expected text in UTF-8, got text in UTF-16; save it as UTF-8/],
  [`stain apply ${small} --out o --fit nowhere`, 1, /^eosin: nowhere: expected what eosin stain fit/],
  [`stain apply ${small} --out o --fit text.txt`, 1, /^eosin: text.txt: expected JSON, got text that begins/],
  [`stain apply ${small} --out o --fit ${small}`, 1, /val.h5: expected text in UTF-8, got .*HDF5/],
  [`stain compare ${small} --out o --fits empty`, 1, /^eosin: empty: expected JSON, got an empty file/],
  [`${onnx}nowhere`, 1, /^eosin: nowhere: expected an ONNX file, got no such file or folder$/],
  [`${onnx}folder`, 1, /^eosin: folder: expected an ONNX file, got a folder where a file is expected$/],
  [`${onnx}zeros.bin`, 1, /a file that begins with zeros/],
  [
    `embed ${small} --extractor vit:folder --out o`,
    1,
    /^eosin: folder: got a folder where a file is expected$/,
  ],
  [`embed ${small} --extractor dinov2-small --set weights=text.txt --out o`, 1, /^eosin: text.txt: expected/],
  ['classify --train nowhere --val nowhere --out o', 1, /nowhere.*no such file or folder/],
  ['classify --train text.txt --val text.txt --out o', 1, /a file where a folder is expected/],
  ['evaluate latin.csv', 1, /got text in another encoding, such as Latin-1; save it as UTF-8/],
  ['evaluate zeros.bin', 1, /^eosin: zeros.bin/],
  ['report folder', 1, /^eosin: folder: expected the folder of a finished run/],
  ['study run nowhere', 2, /^eosin: nowhere: got no such file or folder; give the path of a recipe/],
  ['study run folder', 2, /^eosin: folder: got a folder where a file is expected/],
  ['study plan latin.csv', 2, /such as Latin-1/],
  ['study run text.txt', 2, /expected a group of keys, got a text/],
  ['study run long.yaml', 2, /^eosin: long.yaml name: expected letters, digits.{0,1200}$/],
  [
    `predict ${small} --run text.txt --out o`,
    1,
    /^eosin: text.txt: expected the folder of a finished run, .* a file;/,
  ],
  [`predict ${small} --onnx text.txt --out o`, 1, /^eosin: text.txt: expected .*got text that begins/],
  ['export --run nowhere --out o', 1, /^eosin: nowhere: expected the folder of a finished run/],
  [`submission check text.txt --test ${small}`, 1, /^eosin: text.txt: expected the header 'ID,Pred'/],
  ['submission diff folder empty', 1, /^eosin: folder: got a folder where a file is expected$/],
  ['weights check dinov2-small empty', 1, /an empty file/],
  ['weights check x empty --card nowhere', 1, /^eosin: nowhere: got no such file or folder$/],
  // places that cannot be written
  [
    `quality ${small} --out text.txt/x`,
    1,
    /text.txt: got a file where a folder is expected; .*another --out$/,
  ],
  [`stain fit ${small} --method none --out text.txt/x/y`, 1, /a file where a folder is expected/],
  [`embed ${small} --out text.txt/x`, 1, /a file where a folder is expected/],
  ['patches make text.txt/x', 1, /a file where a folder is expected/],
  // folders that must not be replaced
  [`stain apply ${small} --fit text.txt --out . --overwrite`, 2, /one that holds the current folder/],
  [
    `embed ${small} --out data --overwrite`,
    2,
    /one that holds argument path \(data.val.h5\); choose another/,
  ],
  [`embed ${small} --out folder`, 2, /^eosin: folder: got a folder .*; give --overwrite or another --out$/],
  // names that are none
  [
    'patchs',
    2,
    /^eosin: command of eosin: expected one of demo, .*, got 'patchs'; did you mean 'patches'\?$/,
  ],
  ['study nonsense', 2, /^eosin: command of eosin study: expected one of run, .*, got 'nonsense'/],
  ['study run text.txt --sed 1', 2, /^eosin: eosin study run: .*, got '--sed'; did you mean '--seed'\?$/],
  [
    `quality ${small} --theshold 0.5`,
    2,
    /^eosin: eosin quality: expected one of --set, .*, got '--theshold'; '--threshold' is an option of eosin classify, eosin evaluate, and eosin export$/,
  ],
  ['study run text.txt --device cud', 2, /^eosin: option --device: .* cuda, .*'cud'; did you mean 'cuda'\?$/],
  [
    'evaluate text.txt --threshold 2',
    2,
    /^eosin: option --threshold: expected a number from 0 to 1, got '2'$/,
  ],
  [`patches info ${small} --format xyz`, 2, /got 'xyz'/],
  [`stain fit ${small} --method macenco --out o`, 2, /did you mean 'macenko'\?$/],
  [`embed ${small} --extractor xyz --out o`, 2, /^eosin: extractor: expected one of texture, /],
  [`embed ${small} --set x=1 --out o`, 2, /^eosin: extractor texture: expected one of views, got 'x'$/],
  [`quality ${small} --set blak=null`, 2, /did you mean 'black'\?$/],
  ['stain train data/train.h5 --method cyclegan --preset smal', 2, /did you mean 'small'\?$/],
  ['weights pull dinov2-smal', 2, /did you mean 'dinov2-small'\?$/],
  ['weights pull dinov2-small --endpoint nonsense', 2, /^eosin: endpoint: expected an address/m],
  // numbers that cannot be
  ['study run text.txt --threads 0', 2, /a whole number from 1 to 256/],
  ['study run text.txt --threads 1e9', 2, /a whole number from 1 to 256/],
  ['study run text.txt --seeds 1e9', 2, /a whole number from 1 to 100/],
  ['study run text.txt --seed -1', 2, /a whole number from 0 to/],
  ['demo --patches 1e12', 2, /a whole number from 200 to/],
  ['patches make o --size 1e9', 2, /a whole number from 32 to 1024/],
  ['patches make o --train 9000000 --size 1024', 1, /expected room for \d+ MiB of pixels, got \d+ MiB/],
  ['patches make o --aberrant 2', 2, /a number from 0 to 1/],
  [`embed ${small} --shard 5/4 --out o`, 2, /i\/n, from 1\/n to n\/n/],
  [`quality ${small} --set black.over=-1`, 2, /black.over: expected a whole number from 0/],
  [
    `stain fit ${small} --method vahadane --set steps=1e9 --out o`,
    2,
    /steps: expected a whole number from 1 to 10000/,
  ],
  [
    `embed ${small} --extractor dinov2-small --set mean=1,2 --out o`,
    2,
    /mean: expected a list of 3 .*e.g. \[0.5,0.5,0.5\]/,
  ],
  [
    `stain train data/train.h5 --method cyclegan --set generator.width=1e6`,
    2,
    /generator.width: expected a whole/,
  ],
  // what does not go together, or is missing
  ['study run', 2, /^eosin: eosin study run: expected <recipe>, got nothing; `eosin study run --help` says/],
  ['study run a b', 2, /^eosin: eosin study run: expected <recipe>, got 'a' 'b'; /],
  ['export', 2, /^eosin: eosin export: expected --run <folder>, got a call without it; /],
  ['study run a --seed', 2, /^eosin: option --seed: expected <n>, got nothing$/],
  [`patches info ${small} --columns a`, 2, /^eosin: option --columns: expected pairs .*, got 'a'$/],
  [`patches info ${small} --columns path=Bild`, 2, /expected no columns, which only folder takes/],
  [`patches info ${small} --part val`, 2, /expected no part, as challenge has none/],
  ['patches info /dev/zero', 1, /^eosin: \/dev\/zero: expected patches .*, got a special file/],
  ['quality tar.h5', 1, /^eosin: tar.h5: expected an HDF5 file, got a tar archive; unpack it first/],
  ['study run page.yaml', 2, /^eosin: page.yaml: expected a recipe .*, got a web page titled 'Sign in'; /],
  [
    'study run pointer.yaml',
    2,
    /^eosin: pointer.yaml: expected a recipe .*, got a Git LFS pointer .*git lfs/,
  ],
  ['study run empty', 2, /^eosin: empty: expected a recipe .*, got an empty file/],
  [`predict ${small}`, 2, /^eosin: predict: expected either --run RUN or --onnx FILE, got neither$/],
  [`predict ${small} --run folder --onnx text.txt`, 2, /--onnx FILE, got both$/],
  [`quality ${small} --set x`, 2, /expected key=value, got 'x'/],
  [`stain compare ${small} --methods none none --out o`, 2, /expected each method once, got none twice$/],
  [
    `stain fit ${small} --method macenko --center 9 --out o`,
    2,
    /expected a center of data.val.h5 \(1\), got 9$/,
  ],
  ['patches info ', 2, /^eosin: argument path: expected a value, got an empty text$/],
  [`predict ${small} --run `, 2, /^eosin: --run: expected a value, got an empty text$/],
]

describe.concurrent('wrong inputs', () => {
  it.each(cases)('eosin %s', async (typed, code, said) => {
    const out = `o${cases.findIndex(([other]) => other === typed)}` // two at the same output would wait for each other
    const result = await runCli(typed.replace(/ o$| o(?= )/, ` ${out}`).split(' '), folder)
    const stderr = result.stderr.trim()
    expect(stderr).toMatch(said)
    expect(result.code).toBe(code)
    expect(result.stdout).toBe('')
    expect(stderr.split('\n')).toHaveLength(1)
    expect(stderr.length).toBeLessThan(2000)
    expect(stderr).not.toMatch(/defect|\bE[A-Z]{4,}\b|Zod|\n\s+at /)
  })
})
