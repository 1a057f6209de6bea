import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

function runScript(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync('bench/gpu.sh', args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return { status, stdout, stderr }
}

// No Vulkan driver is found where these name none, and CUDA's libraries are not part of the packages.
const noDriver = { VK_ICD_FILENAMES: '/nowhere.json', VK_DRIVER_FILES: '/nowhere.json' }

describe.runIf(process.platform === 'linux')('bench/gpu.sh', () => {
  it('says in one line that there is no GPU, which is no failure', () => {
    const { status, stdout } = runScript([], noDriver)
    expect(stdout).toMatch(/^gpu: no GPU here that ONNX Runtime can use \(cuda: .+ \| webgpu: .+\)\n$/)
    expect(status).toBe(0)
  })

  it('refuses what it does not know', () => {
    const { status, stderr } = runScript(['--fast'], noDriver)
    expect(stderr).toContain('usage: bench/gpu.sh [--check]')
    expect(status).toBe(2)
  })

  it.runIf(process.env.VK_ICD_FILENAMES)(
    'compares values on a software driver, and measures nothing there',
    () => {
      const { status, stdout } = runScript([])
      for (const work of ['embedding', 'generator', 'head steps', 'fine-tuning steps', 'GAN steps'])
        expect(stdout).toMatch(new RegExp(`^ok +${work} `, 'm'))
      expect(stdout).toContain('webgpu is software')
      expect(stdout).not.toContain('| case |')
      expect(status).toBe(0)
    },
    300_000,
  )
})
