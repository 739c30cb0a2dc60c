import { durationSchema } from '../detector/duration-schema.ts'
import type { Feature } from './feature.ts'
import { featureName } from './names.ts'
import type { Scope } from './scope.ts'
import { as, by, pastSaid } from './windowed.ts'
import { type PastWords, pastWords } from './words.ts'

/** How far features look back that want no window of their own. */
const defaultPast = '30d'

/** What features say that look for something in a key's past, such as its last transaction. */
export const pastParameters = { by, over: durationSchema.optional(), as }

/** One feature about a key's past: over the last 30 days by default, and named after the window only where one is given. */
export function overPast(
  kind: string,
  { by, of, over, as }: { by: string; of?: string; over?: string | undefined; as?: string | undefined },
  scope: Scope,
  compute: (history: number, window: number) => Feature['compute'],
  say: (value: number, past: PastWords) => string,
  unknown: (past: PastWords) => string,
): readonly Feature[] {
  const history = scope.history(by)
  const past = pastWords(by, over ?? defaultPast)
  const name = featureName(as === undefined ? [by, of, kind, over] : [as, over])
  return [
    {
      name,
      compute: compute(history, scope.window(history, over ?? defaultPast)),
      ...pastSaid(scope.text(by), by, past, say, unknown(past)),
    },
  ]
}
