import { FraudError } from '../core/errors.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import type { Decisions } from '../deciding/decisions.ts'
import { presentFigures } from '../deciding/present-figures.ts'
import type { Reviews } from '../deciding/review-load.ts'
import { type Definitions, type HistoryStep, tellDifferences } from '../decisioning/index.ts'
import type { SinkFlags } from './label-sink.ts'
import { requireLog } from './log-files.ts'
import { openForCommand } from './open-service.ts'
import { servicePolicy } from './policy-service.ts'
import type { PolicyStep, PolicyTarget } from './policy-target.ts'
import type { Run } from './run.ts'
import { servedIn } from './served.ts'
import { serviceAddress } from './service-address.ts'
import { tellProblem } from './tell-problem.ts'

/** Works on the policy of the service at the URL, else of the one on the data directory, else on the directory itself. */
export async function withPolicy<Result>(
  { data, url, key, timeout, ...named }: SinkFlags,
  run: Run,
  work: (target: PolicyTarget) => Promise<Result>,
): Promise<Result> {
  const address = serviceAddress(url, data)
  if (address !== undefined) return work(servicePolicy({ url: address, key, deadlineMs: timeout, signal: run.signal }))
  requireLog({ data })
  const opened = await openForCommand(servedIn(data, named), data, { acceptLostHistories: false }, run)
  try {
    return await work(directoryPolicy(opened.service, data))
  } finally {
    await opened.close()
  }
}

function directoryPolicy(service: Decisions, data: string): PolicyTarget {
  return {
    where: data,
    async read() {
      const { policy, policyFeatures: features, reviews } = service
      const tripped = policy.trippedAt(Date.now())
      return { version: policy.version, ...policy.definitions, tripped, features, reviews: tellReviews(reviews) }
    },
    async steps() {
      const { policy } = service
      return policy.steps.map((step, i) => {
        const before = policy.at(policy.steps[i - 1]?.version ?? policy.oldestVersion)
        return tellStep(step, before, policy.at(step.version))
      })
    },
    change: (change, { why = '', ifVersion }) =>
      service.change(change, { by: 'command:policy', why, ifVersion }).catch((error: unknown) => {
        throw error instanceof FraudError ? withReasons(error) : error
      }),
    async *entries(list) {
      for (const { expiresAtMs, ...entry } of service.entriesOf(list, 0))
        yield { ...entry, ...(expiresAtMs !== undefined && { expiresAt: formatIsoTime(expiresAtMs) }) }
    },
    async figures(rule) {
      const figures = service.ruleFigures(rule)
      if (figures.length === 0) throw unknownRule(rule)
      return { unknown: null, figures: figures.map(presentFigures) }
    },
    names: () => service.names(),
    checkChange: async (change) => service.examine(change),
  }
}

function tellReviews({ last24h, perDay, sinceMs }: Reviews) {
  return { last24h, perDay: perDay ?? null, since: formatIsoTime(sinceMs) }
}

export function unknownRule(id: string): FraudError {
  return new FraudError('OPTION_INVALID', `There is no rule ${id}`, {
    hint: 'shrike rules list shows those there are',
  })
}

function tellStep(step: HistoryStep, before: Definitions | undefined, after: Definitions | undefined): PolicyStep {
  const { version, atMs, by, why, tripped = [], changes } = step
  const different = before === undefined || after === undefined ? [] : tellDifferences(before, after)
  const done = changes.flatMap((change) => {
    if (change.kind === 'rollback') return [`rolled back to version ${change.to}`]
    return change.kind === 'fuse-reset' ? [`fuse ${change.fuse}: reset`] : []
  })
  const told = [...tripped.map((fuse) => `fuse ${fuse}: tripped`), ...done, ...different]
  return { version, at: formatIsoTime(atMs), by, why, changes: told }
}

/** A command's error is its message alone. */
function withReasons(error: FraudError): FraudError {
  const { code, message, errors, hint } = error
  const reasons = errors.map((error) => `\n  ${tellProblem(error)}`)
  return new FraudError(code, `${message}${reasons.join('')}`, { cause: error, errors, hint })
}
