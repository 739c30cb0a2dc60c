import type { ModelsInForce } from './deployment.ts'
import type { DetectorInForce, OtherModel } from './detector-in-force.ts'
import type { Models } from './models.ts'
import { allOthers, withOthers } from './united-features.ts'

/**
 * The models of roles, loaded and side by side; those that are in force already are taken as they are.
 *
 * @param now what is in force; its champion stays where the log names none.
 * @throws FraudError as `Models.load`, and MODELS_DIFFER where they can't share histories
 */
export async function loadLineup(
  models: Pick<Models, 'load'>,
  { champion, canary, shadows }: ModelsInForce,
  now: DetectorInForce,
): Promise<DetectorInForce> {
  const there = allOthers(now.others)
  const find = async (id: string): Promise<OtherModel> => {
    const known = there.find(({ predictor }) => predictor.modelId === id)
    if (known !== undefined) return known
    const { own, predictor } = await models.load(id)
    return { own, predictor }
  }
  const isServed = champion === undefined || champion === now.predictor?.modelId
  const base = isServed ? now : await models.load(champion)
  const others: OtherModel[] = []
  for (const id of shadows) others.push(await find(id))
  const drawn = canary && { ...(await find(canary.id)), share: canary.share, by: canary.by }
  return withOthers(base, { canary: drawn, shadows: others })
}

/** Whether these are the models that decide and score now. */
export function isLineupOf({ predictor, others }: DetectorInForce, roles: ModelsInForce): boolean {
  const { champion = predictor?.modelId, canary, shadows } = roles
  const isCanary =
    canary?.id === others.canary?.predictor.modelId &&
    canary?.share === others.canary?.share &&
    canary?.by === others.canary?.by
  const ids = others.shadows.map((shadow) => shadow.predictor.modelId)
  return champion === predictor?.modelId && isCanary && ids.join() === shadows.join()
}
