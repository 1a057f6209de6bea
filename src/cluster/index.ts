// A study's tasks on other machines: cut into lots, one for each index of an array job, wave by wave. Slurm is spoken to
// directly; for Kubernetes and others there are manifests and lists of lots.

export * from './arrayIndex.ts'
export * from './kubernetes.ts'
export * from './lots.ts'
export * from './lotsPlan.ts'
export * from './plan.ts'
export { type JobsRecord, jobsFile, readJobs, type SubmittedJob } from './record.ts'
export * from './slurm.ts'
export * from './slurmOptions.ts'
export * from './slurmStatus.ts'
export * from './waves.ts'
