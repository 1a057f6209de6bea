#!/usr/bin/env node
// The program `eosin`. It is in the repository, so that npx finds it from the first minute: in a clone that was not
// built yet it builds, and where it cannot it says what to run.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const main = join(root, 'dist', 'cli', 'main.js')
const source = join(root, 'src')

if (!existsSync(main)) build()
else if (existsSync(source) && newestIn(source) > statSync(main).mtimeMs)
  say('src is newer than dist: npm run build')
await import(pathToFileURL(main).href)

// Under a name of its own and renamed, so that two first calls do not meet half a build.
function build() {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  if (!existsSync(compiler)) giveUp('npm ci && npm run build')
  say('building, this once')
  const out = `dist-${process.pid}`
  const arguments_ = [compiler, '-p', 'tsconfig.build.json', '--noEmitOnError', '--outDir', out]
  const { status } = spawnSync(process.execPath, arguments_, { cwd: root, stdio: ['ignore', 2, 2] })
  try {
    if (status === 0 && !existsSync(main)) renameSync(join(root, out), join(root, 'dist'))
  } catch {
    // told below, unless another process built it meanwhile
  }
  rmSync(join(root, out), { recursive: true, force: true })
  if (!existsSync(main)) giveUp('npm run build')
}

function giveUp(command) {
  say(`not built: expected ${main}; run \`${command}\` in ${root}`)
  process.exit(1)
}

function newestIn(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return files.reduce((newest, file) => Math.max(newest, statSync(join(folder, file)).mtimeMs), 0)
}

function say(text) {
  process.stderr.write(`eosin: ${text}\n`)
}
