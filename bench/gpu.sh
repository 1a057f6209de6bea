#!/usr/bin/env bash
# What a GPU does for Eosin here: one table of the same cases on the processor and on each device that ONNX Runtime can use.
# usage: bench/gpu.sh [--check]     after `npm ci`, from anywhere; --check compares values only
# Exit codes: 0 measured, or there is no device; 1 a device is there and fails, or computes other values; 2 cannot be run.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

cases=(embed-vits14-98 cyclegan-infer-96 finetune-vits14-98 cyclegan-step-96 mlp-epoch)
check_only=false
case "${1:-}" in
  '') ;;
  --check) check_only=true ;;
  *)
    echo "usage: bench/gpu.sh [--check]" >&2
    exit 2
    ;;
esac
[ -d node_modules/onnxruntime-node ] || {
  echo "gpu: the packages are not installed: npm ci" >&2
  exit 2
}
[ -f dist/engine/index.js ] || npm run --silent build || exit 2

# list_devices: a line for each GPU provider: its name, works|software|absent|fails, and what was found.
list_devices() {
  node --input-type=module -e "
    import { providers, tryProvider } from './dist/engine/index.js'
    for (const name of Object.keys(providers).filter((name) => name !== 'cpu')) {
      const { outcome, detail } = await tryProvider(name)
      const isSoftware = outcome === 'works' && detail.includes('software')
      console.log([name, isSoftware ? 'software' : outcome, detail.replaceAll('\n', ' ')].join('\t'))
    }"
}

# measure DEVICE: Eosin's lines of all cases, as JSON.
measure() {
  local name
  for name in "${cases[@]}"; do
    npm run --silent bench -- "$name" --json --repeats 2 --device "$1" || return 1
  done
}

# print_table FILE: the rates of cpu and devices side by side; of each case and device the best number of threads.
print_table() {
  node -e "
    const lines = require('node:fs').readFileSync('$1', 'utf8').trim().split('\n').map((line) => JSON.parse(line))
    const best = new Map()
    for (const { case: name, peer, per_s, unit, device } of lines.filter(({ peer }) => peer === 'eosin')) {
      const row = best.get(name) ?? best.set(name, { unit }).get(name)
      row[device] = Math.max(row[device] ?? 0, per_s)
    }
    const devices = [...new Set(lines.map(({ device }) => device))]
    const { processor, cores, node, onnxruntime } = lines[0]
    console.log(processor + ', ' + cores + ' cores, Node ' + node + ', ONNX Runtime ' + onnxruntime + '\n')
    console.log('| case | ' + devices.map((name) => name + ' | ' + (name === 'cpu' ? '' : 'times cpu | ')).join(''))
    console.log('|---|' + devices.map((name) => (name === 'cpu' ? '---|' : '---|---|')).join(''))
    for (const [name, row] of best) {
      const cells = devices.map((device) => {
        const rate = row[device] === undefined ? '—' : Number(row[device].toPrecision(3)) + ' ' + row.unit + '/s'
        return rate + ' | ' + (device === 'cpu' ? '' : (row[device] / row.cpu).toFixed(2) + 'x | ')
      })
      console.log('| ' + name + ' | ' + cells.join(''))
    }"
}

found=$(list_devices) || exit 2
failed=0
usable=()
reasons=()
while IFS=$'\t' read -r device outcome detail; do
  case "$outcome" in
    works | software)
      echo "gpu: $device: $detail"
      npx tsx bench/deviceCheck.ts "$device" || failed=1
      if [ "$outcome" = works ]; then usable+=("$device"); else echo "gpu: $device is software: values were compared, times say nothing"; fi
      ;;
    fails)
      echo "gpu: $device is there and fails: $detail"
      failed=1
      ;;
    *) reasons+=("$device: $detail") ;;
  esac
done <<<"$found"

if [ ${#reasons[@]} -eq "$(wc -l <<<"$found")" ]; then
  printf 'gpu: no GPU here that ONNX Runtime can use ('
  printf '%s' "${reasons[0]}"
  printf ' | %s' "${reasons[@]:1}"
  printf ')\n'
  exit 0
fi
if [ "$check_only" = false ] && [ ${#usable[@]} -gt 0 ]; then
  table=$(mktemp)
  trap 'rm -f "$table"' EXIT
  for device in cpu "${usable[@]}"; do
    measure "$device" >>"$table" || failed=1
  done
  print_table "$table"
fi
exit "$failed"
