import type { Steps } from '../core/time-slices.ts'
import { type Concealment, ReceivedTransactionReader } from '../detector/received-transaction.ts'
import type { PersonalValues } from '../log/personal-values.ts'
import { type ServedModel, serveable } from '../scoring/served-model.ts'
import type { DetectorInForce } from './detector-in-force.ts'
import type { DecidingChampion } from './lineup.ts'
import { wayOfReading } from './read-elsewhere.ts'
import { Receiver } from './receiver.ts'
import { allOthers } from './united-features.ts'

/** How transactions are received. */
export interface ReadingOptions {
  readonly persons: PersonalValues
  /** A keyed hash of the digits of a card number, where the detector wants such. */
  readonly hashCardNumber: Concealment['hashCardNumber']
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Whether a field that the detector does not declare is refused. */
  readonly isStrict?: boolean
}

/** The first of a lineup. Throws BUNDLE_INVALID where the model can't predict its own example. */
export function firstChampion(inForce: DetectorInForce, options: ReadingOptions): DecidingChampion {
  return { model: modelOf(inForce), inForce, receiver: createReceiver(inForce, options), state: undefined }
}

export function modelOf({ predictor }: DetectorInForce): ServedModel | undefined {
  return predictor && serveable(predictor)
}

export function createReceiver({ detector, features }: DetectorInForce, options: ReadingOptions): Receiver {
  const { hashCardNumber, clock, isStrict, persons } = options
  return new Receiver(
    persons,
    (token) => new ReceivedTransactionReader(detector, features.layout, { hashCardNumber, token }, clock, isStrict),
    wayOfReading(detector, features.layout, isStrict ?? false),
  )
}

/** A model may prepare itself at its first rows, which should not be a customer's. */
export function* prepareModels({ predictor: champion, others }: DetectorInForce, rows: number): Steps {
  const all = allOthers(others).map(({ predictor }) => predictor)
  for (const predictor of champion === undefined ? all : [champion, ...all]) {
    try {
      if (predictor.makeReady !== undefined) yield* predictor.makeReady()
      const row = new Float64Array(predictor.inputs.length)
      for (let i = 0; i < rows; i++) {
        predictor.predict(row)
        yield
      }
      if (predictor.explainsDecisions) predictor.explain?.(row)
    } catch {
      // Decisions will say so, by the policy of what is unavailable.
    }
    yield
  }
}
