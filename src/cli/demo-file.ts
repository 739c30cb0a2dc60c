import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Detector, parseDetectorFile } from '../core/detector.ts'
import { writeFileAtomically } from '../data/write-file.ts'
import { canDecide } from '../scoring/live-detector.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { directoryFor } from './detector-directory.ts'
import { draftOf, formatDraft } from './draft-file.ts'
import { detectorName } from './find-detector.ts'
import { usualTraining } from './plan-training.ts'
import { nameOf, type ReadingFlags, readingFlags } from './read-input.ts'
import type { LeakFlags } from './refuse-leaks.ts'
import { replay } from './replay-work.ts'
import { type Run, throwIfInterrupted } from './run.ts'
import { train } from './train-work.ts'

export interface FileFlags extends ReadingFlags, LeakFlags {
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
  await mkdir(data, { recursive: true, mode: 0o700 })
  const detectorPath = join(data, 'detector.yaml')
  const detector = await draftOrEdited(file, detectorPath, flags, run)
  throwIfInterrupted(run.signal)
  const bundle = dataDirectory(data).bundlePath
  const report = join(data, 'report.html')
  if (detector.transaction.hashCardNumber !== undefined) await provideCardKey(join(data, 'card.key'), run)
  const reading = readingFlags(flags)
  await train(
    file,
    {
      ...{ out: bundle, report, data, seed: flags.seed, force: true, detector: detectorPath },
      ...usualTraining,
      ...reading,
      ...(flags.allowLeak !== undefined && { allowLeak: flags.allowLeak }),
    },
    run,
  )
  throwIfInterrupted(run.signal)
  const decides = canDecide(detector) && Object.keys(detector.transaction.keys ?? {}).length > 0 && flags.workers === 1
  if (decides) {
    const onConflict = flags.badRows === 'skip' ? 'skip' : 'fail'
    await replay(file, { as: 'history', data, bundle, onConflict, numberRows: true, ...reading }, run)
    throwIfInterrupted(run.signal)
  }
  return { data, bundle, report, decides }
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
    return parseDetectorFile(readFileSync(path, 'utf8'), path).detector
  }
  const { draft } = await draftOf(file, flags, run)
  await writeFileAtomically(path, formatDraft(draft, nameOf(file)))
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
