import { inMemory } from '../core/detector.ts'
import { keepsAll } from '../core/kept-fields.ts'
import { warnOfLive } from '../scoring/live-detector.ts'
import { currentBundle } from './current-bundle.ts'
import { tellConflicts } from './id-conflicts.ts'
import { Intake, type OnConflict, type ReplayedAs } from './intake.ts'
import { openForCommand } from './open-service.ts'
import { checkOutputs } from './output-paths.ts'
import { type InputFlags, nameOf } from './read-input.ts'
import { rejectsOf } from './rejects.ts'
import { replayFile } from './replay-file.ts'
import type { Run } from './run.ts'

export interface ReplayFlags extends InputFlags {
  readonly as: ReplayedAs
  readonly data: string
  readonly bundle?: string
  readonly onConflict: OnConflict
  readonly numberRows?: boolean
  readonly acceptLostHistories?: boolean
}

/** Brings the transactions of a file into a data directory: only known, or decided; labels come when they were known. */
export async function replay(file: string, flags: ReplayFlags, run: Run): Promise<void> {
  const { data, bundle = currentBundle(data), acceptLostHistories = false } = flags
  await checkOutputs(rejectsOf(flags), { FILE: file, '--bundle': bundle })
  const opened = await openForCommand(bundle, data, { acceptLostHistories }, run)
  const { service } = opened
  const { detector, features } = service.live
  const policyWarning = flags.as === 'decisions' ? warnOfLive(service.live) : undefined
  if (policyWarning !== undefined) run.terminal.warn(policyWarning)
  const intake = new Intake(service, flags.as, flags.onConflict, flags.numberRows === true ? nameOf(file) : undefined)
  // What is only kept stands in the log as in the file: nobody knows yet whether 007 is a number.
  const others = keepsAll(detector) ? 'text' : undefined
  try {
    await replayFile(
      { located: { detector, locate: inMemory }, features, file, others, onRepeat: 'keep', makesRows: false },
      flags,
      run,
      async (groups) => {
        for await (const group of groups) for (const transaction of group) await intake.take(transaction)
        await intake.finish()
      },
      { isSpeculative: false },
    )
  } finally {
    await opened.close()
  }
  const { fresh, known, repeated, labels, conflicts, overruled } = intake
  const count = (value: number) => value.toLocaleString('en')
  run.terminal.say(`${count(fresh)} transactions and ${count(labels)} labels are in ${flags.data} (as ${flags.as})`)
  if (known > 0) run.terminal.say(`${count(known)} were known before and left as they are`)
  if (repeated > 0) run.terminal.warn(`${count(repeated)} rows repeat an earlier one of the file and count once`)
  if (overruled > 0) {
    run.terminal.warn(`${count(overruled)} are legitimate by the file and fraud by the log, whose label stands`)
  }
  if (conflicts.count > 0) run.terminal.warn(`${tellConflicts(conflicts)}\nThey and their labels were left out`)
  run.terminal.result({
    ...{ transactions: fresh, known, repeated, labels, conflicts: conflicts.count, overruled },
    firstConflicts: conflicts.first,
  })
}
