import { type Document, isMap, isScalar, LineCounter, parseDocument, stringify } from 'yaml'
import { z } from 'zod'
import { FraudError } from './errors.ts'

/**
 * What a transaction of one stream looks like and what a model of it looks at: the detector file. It is data, it is
 * validated on load, and it travels inside the bundle.
 */
const detectorSchema = z.strictObject({
  detector: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i, 'use letters, digits, ".", "_" and "-", at most 64'),
  transaction: z.strictObject({
    id: z.string().min(1).optional(),
    time: z
      .strictObject({ field: z.string().min(1), format: z.enum(['iso', 'epoch-s', 'epoch-ms', 'seconds-since']) })
      .optional(),
    amount: z.strictObject({ field: z.string().min(1) }).optional(),
    label: z.strictObject({ field: z.string().min(1) }),
  }),
  /** Columns of numbers that are the model's inputs, in this order. */
  features: z.array(z.string().min(1)).min(1),
})

export type Detector = Readonly<z.infer<typeof detectorSchema>>

/** @throws FraudError DETECTOR_INVALID, with a reason for each bad field. */
export function parseDetector(value: unknown): Detector {
  return check(value, 'The detector', () => '')
}

/**
 * Reads the text of a detector file.
 *
 * @param source what to call the file in errors.
 * @throws FraudError DETECTOR_INVALID, with the line and the reason of each bad field.
 */
export function parseDetectorFile(text: string, source: string): Detector {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [broken] = document.errors
  if (broken !== undefined) {
    const tab = text.includes('\t') ? ' (YAML indents with spaces, not tabs)' : ''
    throw new FraudError('DETECTOR_INVALID', `${source}:${lines.linePos(broken.pos[0]).line}: ${broken.message}${tab}`)
  }
  return check(document.toJS(), source, (path) => `:${lines.linePos(offsetOf(document, path)).line}`)
}

/** The text of a detector file that reads back as the same detector. */
export function formatDetector(detector: Detector): string {
  return stringify(detector, { lineWidth: 120 })
}

function check(value: unknown, source: string, lineOf: (path: readonly PropertyKey[]) => string): Detector {
  const result = detectorSchema.safeParse(value)
  if (!result.success) {
    const errors = result.error.issues.map(({ path, message }) => ({
      field: path.join('.') || 'detector',
      reason: message,
      line: lineOf(path),
    }))
    const reasons = errors.map(({ field, reason, line }) => `${source}${line}: ${field}: ${reason}`)
    throw new FraudError('DETECTOR_INVALID', reasons.join('\n'), { errors })
  }
  const repeated = result.data.features.find((name, i) => result.data.features.indexOf(name) !== i)
  if (repeated !== undefined) {
    throw new FraudError(
      'DETECTOR_INVALID',
      `${source}${lineOf(['features'])}: features: "${repeated}" is listed twice`,
    )
  }
  return result.data
}

/** Where the deepest part of a path that the file has begins. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true)
    if ((isScalar(node) || isMap(node)) && node.range) return node.range[0]
  }
  return 0
}
