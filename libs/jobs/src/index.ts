export { createJobs } from './jobs.ts';
export type { FailedJob, JobQueue, JobRun, Jobs, JobsOptions } from './jobs.ts';
