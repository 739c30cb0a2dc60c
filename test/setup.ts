import fc from 'fast-check'

// The same examples in every run, so that a failure is the change's own. Look further with FAST_CHECK_SEED=2 npm test.
fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 1) })
