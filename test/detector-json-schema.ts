import { z } from 'zod'
import { featureKinds } from '../src/features/definitions/index.ts'
import { wholeDetector } from '../src/learners/detector-model.ts'

/** The JSON Schema of a detector file, by which editors complete and check it as it is written. */
export function detectorJsonSchema(): Record<string, unknown> {
  const declarations = featureKinds.map(({ kind, parameters }) => z.strictObject({ [kind]: parameters }))
  const feature = z.union([z.string().min(1), ...declarations])
  const schema = wholeDetector.safeExtend({ features: z.array(feature).min(1) })
  return { title: 'Shrike detector', ...z.toJSONSchema(schema, { io: 'input' }) }
}
