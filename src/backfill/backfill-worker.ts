import { enableCompileCache } from 'node:module'
import { setPriority } from 'node:os'
import { workerData } from 'node:worker_threads'
import type { BackfillData } from './backfill-messages.ts'

/** The thread that makes histories of the log, while another one decides. */

const { compileCache, ...order }: BackfillData = workerData
// There it is the priority of this thread alone, elsewhere of the whole process.
if (process.platform === 'linux') setPriority(10)
// Compiling takes longer than all that may wait for this thread's core, and it can't rest meanwhile.
if (compileCache !== undefined) enableCompileCache(compileCache)
const { makeBackfill } = await import('./make-backfill.ts')
makeBackfill(order)
