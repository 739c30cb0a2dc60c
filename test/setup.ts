import { isMainThread } from 'node:worker_threads'

// The same examples in every run, so that a failure is the change's own. Look further with FAST_CHECK_SEED=2 npm test.
// The threads that a test starts load this file, too, and try no examples.
if (isMainThread) {
  const { default: fc } = await import('fast-check')
  fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 1) })
}
