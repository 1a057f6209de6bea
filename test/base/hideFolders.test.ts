import { describe, expect, it } from 'vitest'
import { hideFolders } from '../../src/base/index.ts'

describe('a sentence without folders', () => {
  it.each([
    ['/home/ann/data/train.h5: expected labels, got none', 'train.h5: expected labels, got none'],
    ["train (/home/ann/a-b.c/train.h5): got '/x/y'", "train (train.h5): got 'y'"],
    ['C:\\Users\\Ann\\data\\train.h5: no such file', 'train.h5: no such file'],
    ['onnx:/srv/models/vit.onnx', 'onnx:vit.onnx'],
    ['weights=/srv/models/vit.safetensors', 'weights=vit.safetensors'],
  ])('%s', (text, expected) => {
    expect(hideFolders(text)).toBe(expected)
  })

  it.each([
    'embed none/texture/mlp',
    '../data/train.h5',
    'https://hub.org/a/b',
    '1 of 2 and/or 3/4',
    'at /dev',
  ])('%s stays as it is', (text) => {
    expect(hideFolders(text)).toBe(text)
  })
})
