import { canonicalJson } from '../core/json-value.ts'
import { fromShortForm } from '../decisioning/index.ts'
import { appendChange } from './append-change.ts'
import type { DetectorInForce } from './detector-in-force.ts'
import type { PolicyProjection } from './policy-projection.ts'
import type { ServiceLog } from './service-log.ts'

/**
 * A changed policy is left alone by a new bundle. But who wrote rules before there was any model had no thresholds to speak
 * of, and did not mean that its scores should count for nothing: where nobody has set the policy itself, the first bundle
 * brings its own, as a change that the log tells.
 */
export async function bringFirstPolicy(
  { predictor, policy: given }: DetectorInForce,
  { changed }: PolicyProjection,
  log: ServiceLog,
  atMs: number,
): Promise<void> {
  const { reading } = log
  const hadModel = () => reading.definitionSequences().some((each) => reading.definition(each).model !== null)
  if (predictor === undefined || changed === undefined || hadModel()) return
  const isSet = changed.steps.some(({ changes }) => changes.some(({ kind }) => kind === 'policy'))
  const policy = fromShortForm(given)
  if (isSet || canonicalJson(policy) === canonicalJson(changed.definitions.policy)) return
  const change = JSON.parse(JSON.stringify({ kind: 'policy', policy }))
  await appendChange(log, { kind: 'policy', by: 'service', why: 'The policy of the first model', atMs, change })
}
