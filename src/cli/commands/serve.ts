// eosin serve: the workbench in a browser, on this machine only.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { addExamples, wholeNumber } from '../command.ts'
import { bold, dim, say } from '../terminal.ts'
import { readOwnVersion } from '../version.ts'

interface ServeOptions {
  readonly data: readonly string[]
  readonly cache?: string
  readonly port: number
  readonly open: boolean
}

export function addServe(program: Command): void {
  const serve = program
    .command('serve')
    .argument('[runs]', 'the folder of runs; studies that are started here go there', 'runs')
    .description(
      'open the workbench in a browser: runs, patches, stains and predictions, on this machine only',
    )
    .option(
      '--data <path>',
      'a file or folder of patches or recipes that may be read; give it again for more',
      (path: string, before: readonly string[]) => [...before, path],
      [],
    )
    .option('--cache <folder>', 'the cache of the runs (default: <runs>/.cache)')
    .option('--port <n>', 'the port on 127.0.0.1; 0 for one that is free', wholeNumber(0, 65535), 0)
    .option('--no-open', 'print the address only')
    .action((runs: string, options: ServeOptions) => serveWorkbench(runs, options))
  addExamples(
    serve,
    'eosin serve runs --data data',
    'eosin serve eosin-demo/runs --data eosin-demo --cache eosin-demo/cache',
  )
}

/** Serves the workbench until the process is told to end. */
export async function serveWorkbench(runs: string, options: ServeOptions): Promise<void> {
  const { openServer } = await import('../../serve/index.ts')
  const { address } = await openServer({
    runs,
    cache: options.cache,
    data: options.data,
    port: options.port,
    pages: fileURLToPath(new URL('../../../dist/web', import.meta.url)),
    version: readOwnVersion(),
    eosin: [process.execPath, fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))],
  })
  say(`${bold('The workbench is at')} ${address}`)
  say(
    dim(
      'The address opens it once, in one browser. Ctrl+C ends the server; studies that it started live on.',
    ),
  )
  if (options.open) openBrowser(address)
}

// What opens an address on each system; where there is none, the address has been printed.
function openBrowser(address: string): void {
  const [program, ...rest] =
    process.platform === 'darwin'
      ? ['open', address]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', address]
        : ['xdg-open', address]
  const child = spawn(program, rest, { detached: true, stdio: 'ignore' })
  child.on('error', () => {})
  child.unref()
}
