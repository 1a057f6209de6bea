// Slurm's words for the state of a job, as three.

const waiting = ['PENDING', 'REQUEUED', 'REQUEUE_FED', 'REQUEUE_HOLD', 'RESV_DEL_HOLD', 'SPECIAL_EXIT']
const over = [
  'BOOT_FAIL',
  'CANCELLED',
  'COMPLETED',
  'DEADLINE',
  'FAILED',
  'LAUNCH_FAILED',
  'NODE_FAIL',
  'OUT_OF_MEMORY',
  'PREEMPTED',
  'RECONFIG_FAIL',
  'REVOKED',
  'TIMEOUT',
]

/** Whether a job waits, runs or has ended. What is neither waiting nor over (RUNNING, COMPLETING, SUSPENDED ...) runs. */
export function sortState(state: string): 'pending' | 'running' | 'ended' {
  if (waiting.includes(state)) return 'pending'
  return over.includes(state) ? 'ended' : 'running'
}

/** Whether Slurm has done with it. */
export function isEnded(state: string): boolean {
  return sortState(state) === 'ended'
}
