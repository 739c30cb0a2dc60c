import { registerHooks } from 'node:module'
import { setPriority } from 'node:os'
import { workerData } from 'node:worker_threads'
import { createRests } from '../core/time-slices.ts'
import type { BackfillData } from './backfill-messages.ts'

/** The thread that makes histories of the log, while another one decides. */

const order: BackfillData = workerData
// There it is the priority of this thread alone, elsewhere of the whole process.
if (process.platform === 'linux') setPriority(10)
const rest = createRests()
// To load this thread's modules takes a quarter of a second, in which it would not rest: it does at each import of theirs.
registerHooks({
  resolve(specifier, context, nextResolve) {
    rest()
    return nextResolve(specifier, context)
  },
})
const { makeBackfill } = await import('./make-backfill.ts')
makeBackfill(order)
