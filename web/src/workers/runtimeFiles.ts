// Where the build puts the files of ONNX Runtime: they are fetched when a pipeline is opened, or before, while nothing else is to do.

import gpuScript from 'onnxruntime-web/ort-wasm-simd-threaded.jsep.mjs?url'
import gpuCode from 'onnxruntime-web/ort-wasm-simd-threaded.jsep.wasm?url'
import cpuScript from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url'
import cpuCode from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'

const absolute = (path: string) => new URL(path, import.meta.url).href

/** The files of the runtime by provider, as absolute addresses. */
export const runtimeFiles = {
  cpu: { mjs: absolute(cpuScript), wasm: absolute(cpuCode) },
  webgpu: { mjs: absolute(gpuScript), wasm: absolute(gpuCode) },
} as const
