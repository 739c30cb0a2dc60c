import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FraudError } from '../core/errors.ts'
import { throwIfInterrupted } from '../core/progress.ts'
import { writeFileAtomically } from '../data/write-file.ts'
import { canDecide } from '../deciding/detector-in-force.ts'
import { cardKeyCheck } from '../detector/card-number-hash.ts'
import { type Detector, parseDetectorFile } from '../detector/detector.ts'
import { wholeDetector } from '../learners/detector-model.ts'
import { dataDirectory, makeDataDirectory, refuseInUse } from '../stores/data-directory.ts'
import { draftOf, formatDraft } from '../training/draft-file.ts'
import { detectorName } from '../training/find-detector.ts'
import { usualTraining } from '../training/plan-training.ts'
import { nameOf, type ReadingRequest, readingOf } from '../training/read-input.ts'
import type { LeakRequest } from '../training/refuse-leaks.ts'
import { directoryFor } from './detector-directory.ts'
import { digestOf, FinishedSteps } from './finished-steps.ts'
import { withFlags } from './flag-names.ts'
import { replay } from './replay-work.ts'
import type { Run } from './run.ts'
import { train } from './train-work.ts'

export interface FileFlags extends ReadingRequest, LeakRequest {
  readonly data: string
  readonly workers: number
  readonly seed: number
  readonly label?: string
}

export interface PreparedFile {
  readonly data: string
  readonly bundle: string
  readonly report: string
  /** Whether the histories are in the data directory, so that transactions can be decided. */
  readonly decides: boolean
}

/** A detector drafted of a file, a model of it, and where the table has keys its histories in the data directory. */
export async function prepareFile(file: string, flags: FileFlags, run: Run): Promise<PreparedFile> {
  const data = directoryOf(file, flags, run)
  refuseInUse(dataDirectory(data))
  const detectorPath = join(data, 'detector.yaml')
  const detector = await draftOrEdited(file, detectorPath, flags, run)
  throwIfInterrupted(run.signal)
  const bundle = dataDirectory(data).bundlePath
  const report = join(data, 'report.html')
  if (detector.transaction.hashCardNumber !== undefined) await provideCardKey(join(data, 'card.key'), run)
  const steps = new FinishedSteps(data)
  const inputs = await digestOfInputs(file, detectorPath, flags)
  if (existsSync(report) && (await steps.isTrained(inputs, bundle)))
    run.terminal.say(
      `Going on with the model in ${bundle}, which was trained on the same; delete it to have it trained again`,
    )
  else {
    await trainOn(file, { data, bundle, report, detectorPath }, flags, run)
    await steps.trained(inputs, bundle)
  }
  throwIfInterrupted(run.signal)
  const decides = canDecide(detector) && Object.keys(detector.transaction.keys ?? {}).length > 0 && flags.workers === 1
  if (decides && steps.isReplayed(inputs))
    run.terminal.say(`The transactions of ${nameOf(file)} are in ${data} already`)
  else if (decides) {
    const onConflict = flags.badRows === 'skip' ? 'skip' : 'fail'
    await replay(file, { as: 'history', data, bundle, onConflict, numberRows: true, ...readingOf(flags) }, run).catch(
      (error: unknown) => {
        throw isConflict(error) ? otherFile(file, data, error) : error
      },
    )
    throwIfInterrupted(run.signal)
    await steps.replayed(inputs)
  }
  return { data, bundle, report, decides }
}

function isConflict(error: unknown): error is FraudError {
  return error instanceof FraudError && error.code === 'TRANSACTION_CONFLICT'
}

function otherFile(file: string, data: string, cause: FraudError): FraudError {
  const cure = `${nameOf(file)} is not what ${data} was made of: --data with another directory begins with what it is now`
  return new FraudError('TRANSACTION_CONFLICT', `${cause.message}\n${cure}`, { cause })
}

async function trainOn(
  file: string,
  paths: { readonly data: string; readonly bundle: string; readonly report: string; readonly detectorPath: string },
  flags: FileFlags,
  run: Run,
): Promise<void> {
  const { data, bundle, report, detectorPath } = paths
  await train(
    file,
    {
      ...{ out: bundle, report, data, seed: flags.seed, force: true, detector: detectorPath },
      ...usualTraining,
      ...readingOf(flags),
      ...(flags.allowLeak !== undefined && { allowLeak: flags.allowLeak }),
    },
    run,
  )
}

/** All that a model and histories are made of. Rejected rows, where they are requested, are written at each start. */
function digestOfInputs(file: string, detectorPath: string, flags: FileFlags): Promise<string | undefined> {
  if (flags.rejects !== undefined) return Promise.resolve(undefined)
  const { seed, allowLeak } = flags
  const { SHRIKE_CARD_KEY: cardKey = '' } = process.env
  return digestOf(file, {
    ...{ seed, allowLeak, name: nameOf(file), reading: readingOf(flags) },
    detector: readFileSync(detectorPath, 'utf8'),
    cardKey: cardKey === '' ? undefined : cardKeyCheck(cardKey),
  })
}

/** The data directory, or one of the file's own where that belongs to another's transactions. */
function directoryOf(file: string, { data }: FileFlags, { terminal }: Run): string {
  const { own, other } = directoryFor(detectorName(file), data)
  if (other !== undefined)
    terminal.say(`${data} belongs to "${other}", so what is made of ${nameOf(file)} is kept in ${own}`)
  return own
}

/** What somebody made of the draft counts, once there is one. */
async function draftOrEdited(file: string, path: string, flags: FileFlags, run: Run): Promise<Detector> {
  const { terminal } = run
  if (existsSync(path)) {
    terminal.say(`Going on with the detector in ${path}; delete it to have it drafted again`)
    return parseDetectorFile(readFileSync(path, 'utf8'), path, wholeDetector).detector
  }
  const { draft } = await draftOf(file, flags, run)
  makeDataDirectory(dirname(path))
  await writeFileAtomically(path, withFlags(formatDraft(draft, nameOf(file))))
  const { keys = {} } = draft.detector.transaction
  const by = draft.hasHistories ? `histories by ${Object.keys(keys).join(', ')}` : 'no histories'
  terminal.say(`Drafted ${path}: ${by}, ${draft.detector.features.length} kinds of features. Edit it and start again`)
  if (draft.unsure.length > 0) terminal.say(`Unsure of:\n${draft.unsure.map((each) => `  - ${each}`).join('\n')}`)
  return draft.detector
}

/** Card numbers are hashed under a key; for a trial one is drawn and kept beside the data. */
async function provideCardKey(path: string, { terminal }: Run): Promise<void> {
  if ((process.env.SHRIKE_CARD_KEY ?? '') !== '') return
  if (!existsSync(path)) await writeFileAtomically(path, randomBytes(32).toString('hex'), 0o600)
  process.env.SHRIKE_CARD_KEY = readFileSync(path, 'utf8')
  terminal.say(
    `SHRIKE_CARD_KEY is not set: card numbers are hashed under a key kept in ${path}. In earnest, keep it elsewhere`,
  )
}
