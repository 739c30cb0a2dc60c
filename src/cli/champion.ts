import { existsSync } from 'node:fs'
import { FraudError } from '../core/errors.ts'
import { type DeploymentReading, readDeployments } from '../deciding/deployment-projection.ts'
import { loadModel } from '../scoring/load-predictor.ts'
import { type DataDirectory, dataDirectory } from '../stores/data-directory.ts'
import { openModelFiles } from '../stores/model-files.ts'
import { openLog } from './log-files.ts'

/** The model that a data directory's log says is champion, and its file; undefined where nobody has deployed one. */
export interface Champion {
  readonly id: string
  readonly path: string
}

export function championIn(data: string): Champion | undefined {
  const directory = dataDirectory(data)
  if (!existsSync(directory.logPath)) return undefined
  const log = openLog({ data })
  try {
    return championOf(log, directory)
  } finally {
    log.close()
  }
}

/** The same of a log that is open. */
export function championOf(reading: DeploymentReading, directory: DataDirectory): Champion | undefined {
  const { champion: id } = readDeployments(reading).inForce
  return id === undefined ? undefined : { id, path: openModelFiles(directory).pathOf(id) }
}

/** The file of the champion, which must be there. @throws FraudError FILE_UNREADABLE */
export function championPath({ id, path }: Champion): string {
  if (existsSync(path)) return path
  throw new FraudError(
    'FILE_UNREADABLE',
    `The log says that ${id} is champion, and ${path} is missing: put it back from a backup, or start with that bundle (serve FILE)`,
  )
}

/** @throws FraudError FILE_UNREADABLE, BUNDLE_INVALID */
export async function loadChampion(champion: Champion) {
  const loaded = await loadModel(championPath(champion))
  const { modelId } = loaded.predictor
  if (modelId === champion.id) return loaded
  throw new FraudError('BUNDLE_INVALID', `${champion.path} holds ${modelId}: put the file of ${champion.id} back`)
}
