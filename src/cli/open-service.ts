import { FraudError } from '../core/errors.ts'
import { silentLogger } from '../core/logger.ts'
import { canDecide, createDetectorInForce } from '../deciding/detector-in-force.ts'
import type { DecisionMetrics } from '../http/decision-metrics.ts'
import { isFourEyesOn } from '../open-accounts.ts'
import { type OpenedDecisions, openDecisions } from '../open-decisions.ts'
import { readBundleBytes } from '../scoring/load-predictor.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { keepPrivate, logKey } from './log-files.ts'
import type { Run } from './run.ts'
import type { Served } from './served.ts'

const mostPending = 1_000_000

const ignore = () => {}
/** Nobody asks a command for its metrics, and what counts them takes long to load. */
const uncounted: DecisionMetrics = {
  ...{ decided: ignore, duplicate: ignore, decidedByCanary: ignore, canaryRolledBack: ignore, shadowScored: ignore },
  ...{ fusesTripped: ignore, reviewsOverloaded: ignore, labelled: ignore, labelsRefused: ignore },
  ...{ committed: ignore, watch: ignore, watchWebhooks: ignore },
}

/** The decisions of a data directory for a command, without a service around it. Event times may be any. */
export async function openForCommand(
  { load }: Served,
  data: string,
  { acceptLostHistories }: { readonly acceptLostHistories: boolean },
  { terminal }: Run,
): Promise<OpenedDecisions> {
  keepPrivate()
  const { predictor, detector, bundle } = await load()
  if (!canDecide(detector)) {
    throw new FraudError('DETECTOR_INVALID', 'The detector declares no transaction.id or no time, so it cannot decide')
  }
  const inForce = createDetectorInForce(detector, predictor)
  const say = {
    ...silentLogger,
    error: (fields: object, message: string) => terminal.warn(`${message}: ${Object.values(fields).join(', ')}`),
  }
  const opened = await openDecisions(
    {
      directory: data,
      logKey: logKey(),
      cardKey: process.env.SHRIKE_CARD_KEY,
      asksForApproval: () => isFourEyesOn(dataDirectory(data)),
      limits: {
        maxAheadMs: Number.POSITIVE_INFINITY,
        maxPending: mostPending,
        acceptLostHistories,
        snapshotEvery: Number.POSITIVE_INFINITY,
        snapshotEveryMs: Number.POSITIVE_INFINITY,
      },
    },
    inForce,
    uncounted,
    say,
    bundle === undefined ? undefined : () => readBundleBytes(bundle),
  )
  try {
    await opened.service.resume()
    const { deployer } = opened.service
    const served = deployer?.servedId
    if (deployer?.isByLog && served !== predictor?.modelId)
      terminal.warn(`the log says that ${served} is champion: it decides, and not what was named`)
    return opened
  } catch (error) {
    await opened.close()
    throw error
  }
}
