import { hashText } from '../../core/hash-text.ts'
import { z } from '../../core/zod.ts'
import { durationSchema } from '../../detector/duration-schema.ts'
import { defineKind, share } from '../feature.ts'
import { featureName } from '../names.ts'
import { as, by, of } from '../windowed.ts'
import { pastWords, placed, showShare } from '../words.ts'

/**
 * The share of the window's transactions that have this one's value, this one included: how usual a category is, for
 * everybody, or (`by`) among the key's own that have a value. Past the events that histories keep, everybody's counts come
 * from buckets of time.
 */
export const frequencyKind = defineKind({
  kind: 'frequency',
  range: share,
  parameters: z.strictObject({ of, by: by.optional(), over: durationSchema, as }),
  declare: ({ of, by: key, over, as }, scope) => {
    const name = featureName(as === undefined ? [key, of, 'frequency', over] : [as, over])
    const own = scope.text(of)
    const { key: whose, within } = pastWords(key ?? of, over)
    const payments = key === undefined ? 'all payments' : `the payments of ${whose}`
    const say = (value: number) => `${showShare(value)} of ${payments} ${within} are ${placed(of)}`
    const all = scope.history(key ?? null)
    const allWindow = scope.window(all, over)
    if (key === undefined) {
      const same = scope.history(of)
      const window = scope.window(same, over)
      return [
        {
          name,
          compute: (_, histories) => quotient(histories[same].count(window), histories[all].count(allWindow)),
          say,
        },
      ]
    }
    const field = scope.keepText(all, of)
    return [
      {
        name,
        compute: (transaction, histories) => {
          const value = own(transaction)
          if (value === undefined) return 0
          const hash = hashText(value)
          const values = histories[all].values(allWindow, field)
          let same = 0
          for (const other of values) if (other === hash) same++
          return quotient(same, values.length)
        },
        say,
      },
    ]
  },
})

function quotient(count: number, all: number): number {
  return all === 0 ? 0 : count / all
}
