#!/bin/sh
# Compiles scripts/stainKernels/*.as to src/stain/generated/kernels.ts: WebAssembly as a base64 string, so that
# it loads without a file. AssemblyScript is fetched for this only; it is no dependency of the package.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for part in scripts/stainKernels/*.as; do cp "$part" "$work/$(basename "$part" .as).ts"; done
npx --yes -p assemblyscript@"${ASC_VERSION:-0.28.20}" asc "$work/tissue.ts" "$work/percentiles.ts" "$work/restain.ts" "$work/lab.ts" --outFile "$work/kernels.wasm" \
  --runtime stub --noAssert -O3 --enable simd --importMemory
mkdir -p src/stain/generated
{
  echo '// Made by scripts/buildStainKernels.sh from scripts/stainKernels.'
  echo ''
  echo '/** The kernels as WebAssembly, base64. */'
  printf "export const kernelCode =\n  '%s'\n" "$(base64 -w0 "$work/kernels.wasm")"
} > src/stain/generated/kernels.ts
wc -c "$work/kernels.wasm"
