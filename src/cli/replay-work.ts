import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { FraudError } from '../core/errors.ts'
import { throwIfInterrupted } from '../core/progress.ts'
import { showValue } from '../core/show-value.ts'
import { inMemory } from '../detector/detector.ts'
import { keepsAll } from '../detector/kept-fields.ts'
import { dataDirectory, readServiceAddress } from '../stores/data-directory.ts'
import { type InputRequest, nameOf } from '../training/read-input.ts'
import { rejectsOf } from '../training/rejects.ts'
import { replayFile } from '../training/replay-file.ts'
import { tellConflicts } from './id-conflicts.ts'
import { Intake, type OnConflict } from './intake.ts'
import { directoryTarget, type IntakeTarget, type ReplayedAs } from './intake-target.ts'
import { openLog } from './log-files.ts'
import { openForCommand } from './open-service.ts'
import { checkOutputs } from './output-paths.ts'
import type { Run } from './run.ts'
import { type ServedFlags, servedIn } from './served.ts'
import { ServiceTarget } from './service-target.ts'

export interface ReplayFlags extends InputRequest, ServedFlags {
  readonly as: ReplayedAs
  readonly data: string
  readonly onConflict: OnConflict
  readonly numberRows?: boolean
  readonly acceptLostHistories?: boolean
  /** The options of a running service. */
  readonly key?: string | undefined
  readonly timeout?: number
}

/**
 * Brings the transactions of a file into a data directory: only known, or decided; labels come when they were known.
 */
export async function replay(file: string, flags: ReplayFlags, run: Run): Promise<void> {
  const { data } = flags
  // A service that runs decides by its own.
  const isServed = readServiceAddress(dataDirectory(data)) !== undefined
  const { bundle } = isServed ? flags : servedIn(data, flags)
  await checkOutputs({ '--rejects': rejectsOf(flags) }, { FILE: file, '--bundle': bundle })
  const opened = await openTarget(flags, run)
  const { target } = opened
  const { detector, features } = target
  const intake = new Intake(target, flags.as, flags.onConflict, flags.numberRows === true ? nameOf(file) : undefined)
  // What is only kept stands in the log as in the file: nobody knows yet whether 007 is a number.
  const others = keepsAll(detector) ? 'text' : undefined
  try {
    await replayFile(
      { located: { detector, locate: inMemory }, features, file, others, onRepeat: 'keep', makesRows: false },
      flags,
      run,
      async (groups) => {
        for await (const group of groups) {
          for (const transaction of group) {
            throwIfInterrupted(run.signal)
            await intake.take(transaction, flags.badRows === 'skip')
          }
        }
        await intake.finish()
      },
      { isSpeculative: false },
    )
  } catch (error) {
    // Where the disk is full the log can't be closed either, and that says less.
    await opened.close().catch(() => {})
    throw error instanceof FraudError && error.code === 'INTERRUPTED' ? stopped(flags, error) : error
  }
  await opened.close()
  tell(intake, file, flags, run)
  if (target instanceof ServiceTarget && target.unknownYet > 0) {
    const count = target.unknownYet.toLocaleString('en')
    run.terminal.warn(
      `${count} labels become known in the future, and a running service does not accept those: run this again later`,
    )
  }
}

function stopped({ data }: ReplayFlags, cause: FraudError): FraudError {
  const kept = `what was brought in until then is kept in ${data}, and the same command continues from there`
  return new FraudError('INTERRUPTED', `Stopped before the end; ${kept}`, { cause })
}

interface OpenedTarget {
  readonly target: IntakeTarget
  close(): Promise<void>
}

/** The service that works on the data directory, where one is running, else the directory itself. */
async function openTarget(flags: ReplayFlags, run: Run): Promise<OpenedTarget> {
  const { data, acceptLostHistories = false } = flags
  const url = readServiceAddress(dataDirectory(data))
  if (url !== undefined) return openService(url, flags, run)
  if (!existsSync(dataDirectory(data).logPath)) run.terminal.say(`An empty history starts in ${resolve(data)}`)
  const opened = await openForCommand(servedIn(data, flags), data, { acceptLostHistories }, run)
  const { service } = opened
  const policyWarning = flags.as === 'decisions' ? service.warnOfPolicy() : undefined
  if (policyWarning !== undefined) run.terminal.warn(policyWarning)
  return { target: directoryTarget(service, flags.as), close: () => opened.close() }
}

function openService(url: string, flags: ReplayFlags, { signal, terminal }: Run): OpenedTarget {
  const { data, as, bundle, detector, acceptLostHistories, key, timeout = 120_000 } = flags
  const beside = `The service on ${url} works on ${data}`
  if (as === 'history') {
    const cure = 'stop it while this runs, or bring the file in with --as decisions'
    throw new FraudError('DIRECTORY_IN_USE', `${beside}, and history can only be brought in without it: ${cure}`)
  }
  if ((bundle ?? detector) !== undefined || acceptLostHistories === true) {
    const named = bundle === undefined ? '--detector' : '--bundle'
    const flag = (bundle ?? detector) === undefined ? '--accept-lost-histories' : named
    throw new FraudError('OPTION_INVALID', `${beside}, and decides in its own way: leave out ${flag}, or stop it`)
  }
  terminal.say(`Sending to the service on ${url}, which works on ${data}`)
  const reader = openLog({ data })
  return {
    target: new ServiceTarget(reader, { url, key, deadlineMs: timeout, signal }, Date.now()),
    close: async () => reader.close(),
  }
}

function tell(intake: Intake, file: string, flags: ReplayFlags, run: Run): void {
  const { fresh, late, known, repeated, labels, conflicts, overruled, knownAs } = intake
  const count = (value: number) => value.toLocaleString('en')
  run.terminal.say(`${count(fresh)} transactions and ${count(labels)} labels are in ${flags.data} (as ${flags.as})`)
  if (late > 0)
    run.terminal.warn(
      `${count(late)} of them are too old for the histories of ${flags.data}, so no history holds them: replay files in the order of their times, into a new data directory`,
    )
  const isRenamed = knownAs !== undefined && knownAs !== nameOf(file)
  if (isRenamed)
    run.terminal.warn(`Its rows are already in the log under the name ${showValue(knownAs)}, which is used for them`)
  if (known > 0) run.terminal.say(`${count(known)} were already known and left as they are`)
  if (repeated > 0) run.terminal.warn(`${count(repeated)} rows repeat an earlier row of the file and count once`)
  if (overruled > 0) {
    run.terminal.warn(`${count(overruled)} are legitimate in the file and fraud in the log, whose label is kept`)
  }
  if (conflicts.count > 0) run.terminal.warn(`${tellConflicts(conflicts)}\nThey and their labels were left out`)
  run.terminal.result({
    ...{ transactions: fresh, late, known, repeated, labels, conflicts: conflicts.count, overruled },
    firstConflicts: conflicts.first,
    ...(isRenamed && { knownAs }),
  })
}
