import { parseDuration } from '../core/duration.ts'
import { z } from '../core/zod.ts'

/** A length of time with its unit: 7d. A number is refused with words that say so. */
export const durationSchema = z
  .union([z.string(), z.number()], { error: 'write a number and its unit, such as 7d' })
  .transform(String)
  .superRefine((text, context) => {
    const parsed = parseDuration(text)
    if (typeof parsed === 'string') context.addIssue({ code: 'custom', message: parsed })
  })
