import { appendChange } from './append-change.ts'
import type { DetectorInForce } from './detector-in-force.ts'
import type { PolicyProjection } from './policy-projection.ts'
import type { ServiceLog } from './service-log.ts'

/** A blind sample is drawn under the log's secret: where nobody has changed anything yet, there is none, and this brings it. */
export async function bringSampleSecret(
  { own }: DetectorInForce,
  { secret }: PolicyProjection,
  log: ServiceLog,
  atMs: number,
  makeSecret: () => string,
): Promise<void> {
  const { blindSample = 0 } = own.detector.cases ?? {}
  if (blindSample === 0 || secret.length > 0) return
  const change = { action: 'sample', drawSecret: makeSecret() }
  await appendChange(log, { kind: 'case', by: 'service', why: 'The blind sample is drawn under it', atMs, change })
}
