import { z } from '../core/zod.ts'
import { draw } from './draws.ts'
import type { Settlement } from './opinion.ts'
import { strictObject } from './other-words.ts'

/** A share of the transactions that would be declined passes, so that labels show what declines are worth. */
export const controlGroupSchema = strictObject({
  share: z.number().min(0).max(0.5),
  /** The largest amount that may pass, in major units. */
  upTo: z.number().min(0),
})
export type ControlGroup = Readonly<z.infer<typeof controlGroupSchema>>

/** Whether a would-be decline passes, and how probable what happens to it was. */
export interface ControlDraw {
  readonly passes: boolean
  readonly propensity: number
}

/**
 * Undefined for what the control group has no say in: what would not be declined, final opinions, and amounts over its
 * limit or not known.
 *
 * @param amount in major units.
 */
export function drawControl(
  group: ControlGroup,
  { outcome, strength }: Pick<Settlement, 'outcome' | 'strength'>,
  amount: number,
  secret: Uint8Array,
  id: string,
): ControlDraw | undefined {
  if (outcome !== 'decline' || strength === 'final' || !(amount <= group.upTo) || group.share === 0) return undefined
  const passes = draw(secret, 'control-group', id) < group.share
  return { passes, propensity: passes ? group.share : 1 - group.share }
}
