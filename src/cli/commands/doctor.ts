// eosin doctor: what this machine offers and whether the parts work.

import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, freemem, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describeCause } from '../../base/index.ts'
import { addExamples, type CommonOptions, jsonOption, printResult } from '../command.ts'
import { dim, green, red } from '../terminal.ts'

/** One thing looked at. */
interface Finding {
  readonly what: string
  readonly ok: boolean
  /** Of what Eosin also runs without: a device that is not there. */
  readonly isOptional?: boolean
  readonly detail: string
}

export function addDoctor(program: Command): void {
  const doctor = program
    .command('doctor')
    .description('check Node, memory, the native parts, and compute on each device that networks can run on')
    .addOption(jsonOption())
    .action(runDoctor)
  addExamples(doctor, 'eosin doctor')
}

async function runDoctor(options: CommonOptions): Promise<void> {
  const findings = [
    checkNode(),
    { what: 'memory', ok: freemem() > 2 ** 31, detail: `${gib(freemem())} free of ${gib(totalmem())}` },
    { what: 'cores', ok: true, detail: String(availableParallelism()) },
    await probe('images (sharp)', async () => {
      const { encodePng } = await import('../../files/index.ts')
      const { pixels } = await import('../../base/index.ts')
      return `PNG of ${(await encodePng(pixels(new Uint8Array(48), 1, 4, 4))).length} bytes written`
    }),
    await probe('HDF5 (h5wasm)', probeHdf5),
    ...(await checkDevices()),
  ]
  printResult(options, findings, () =>
    findings
      .map(({ what, ok, isOptional, detail }) => {
        const mark = ok ? green('✓') : isOptional ? dim('-') : red('✗')
        return `${mark} ${what.padEnd(18)}${detail}`
      })
      .join('\n'),
  )
  if (findings.some(({ ok, isOptional }) => !ok && !isOptional)) process.exitCode = 1
}

function checkNode(): Finding {
  const [major, minor] = process.versions.node.split('.').map(Number)
  const ok = major > 20 || (major === 20 && minor >= 19)
  return { what: 'Node', ok, detail: `${process.versions.node} (20.19 or newer is needed)` }
}

async function checkDevices(): Promise<Finding[]> {
  const { providers, tryProvider } = await import('../../engine/index.ts')
  const names = Object.keys(providers) as (keyof typeof providers)[]
  const trials = await Promise.all(names.map((name) => tryProvider(name)))
  return trials.map(({ provider, outcome, detail }) => {
    const isOptional = provider !== 'cpu' && outcome === 'absent'
    return { what: `device ${provider}`, ok: outcome === 'works', isOptional, detail }
  })
}

// Writes a small file and reads it back.
async function probeHdf5(): Promise<string> {
  const { createHdf5, openHdf5 } = await import('../../files/index.ts')
  const folder = await mkdtemp(join(tmpdir(), 'eosin-doctor-'))
  try {
    const path = join(folder, 'probe.h5')
    const writer = await createHdf5(path)
    writer.writeDataset('x', 'u8', [3], Uint8Array.of(1, 2, 3))
    await writer.close()
    const file = await openHdf5(path)
    const values = await file.readNumbers('x')
    await file.close()
    return `written and read back: ${values?.join(' ')}`
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function probe(what: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { what, ok: true, detail: await look() }
  } catch (error) {
    return { what, ok: false, detail: describeCause(error) }
  }
}

const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`
