import { FraudError } from '../core/errors.ts'
import type { Projections } from './projections.ts'

/** From the first deployment on, the champion is who the log says. */
export function refuseOtherChampion(
  { inForce: { champion } }: Projections['deployments'],
  id: string | undefined,
): void {
  if (champion === undefined || champion === id) return
  throw new FraudError(
    'MODEL_NOT_CHAMPION',
    `The log's champion is ${champion}, so ${id ?? 'a detector without a model'} does not take over: deploy it with ` +
      `\`shrike models deploy ${id ?? 'ID'} --champion\``,
  )
}
