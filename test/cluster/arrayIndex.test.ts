import { describe, expect, it } from 'vitest'
import { readArrayIndex } from '../../src/cluster/index.ts'

describe('the index of a worker', () => {
  it.each([
    [{ SLURM_ARRAY_TASK_ID: '0' }, 0],
    [{ SLURM_ARRAY_TASK_ID: '12' }, 12],
    [{ JOB_COMPLETION_INDEX: '3' }, 3],
    [{ AWS_BATCH_JOB_ARRAY_INDEX: '3' }, 3],
    [{ PBS_ARRAY_INDEX: '3' }, 3],
    [{ SGE_TASK_ID: '1' }, 0],
    [{ LSB_JOBINDEX: '4' }, 3],
    [{ EOSIN_TASK_INDEX: '5', SLURM_ARRAY_TASK_ID: '1', SGE_TASK_ID: '9' }, 5],
    [{ SGE_TASK_ID: 'undefined', LSB_JOBINDEX: '0', JOB_COMPLETION_INDEX: '2' }, 2],
    [{ EOSIN_TASK_INDEX: '', SLURM_ARRAY_TASK_ID: '7' }, 7],
    [{ SLURM_ARRAY_TASK_ID: '2', SGE_TASK_ID: '3' }, 2], // the same, counted from 1
  ])('is read from %o', (environment, index) => {
    expect(readArrayIndex(environment)).toBe(index)
  })

  it.each([
    [
      {},
      /expected the index of an array job in one of EOSIN_TASK_INDEX, SLURM_ARRAY_TASK_ID.*EOSIN_TASK_INDEX=0/,
    ],
    [{ SGE_TASK_ID: 'undefined' }, /none of them/],
    [{ LSB_JOBINDEX: '0' }, /none of them/],
    [{ SGE_TASK_ID: '0' }, /SGE_TASK_ID: expected a whole number from 1, got '0'/],
    [{ SLURM_ARRAY_TASK_ID: '1.5' }, /SLURM_ARRAY_TASK_ID: expected a whole number from 0, got '1\.5'/],
    [{ EOSIN_TASK_INDEX: '-1' }, /EOSIN_TASK_INDEX: expected a whole number from 0/],
    [
      { SLURM_ARRAY_TASK_ID: '1', JOB_COMPLETION_INDEX: '2' },
      /expected one index, got SLURM_ARRAY_TASK_ID=1 and JOB_COMPLETION_INDEX=2; say which is meant with EOSIN_TASK_INDEX/,
    ],
  ])('is refused from %o', (environment, message) => {
    expect(() => readArrayIndex(environment)).toThrow(message)
  })

  it('is read from the environment of this process where no other is given', () => {
    process.env.EOSIN_TASK_INDEX = '41'
    expect(readArrayIndex()).toBe(41)
    delete process.env.EOSIN_TASK_INDEX
  })
})
