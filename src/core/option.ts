import { FraudError } from './errors.ts'

/**
 * Options that messages speak of, by the names that requests have them by. Messages are for everybody: the command line shows
 * the flag in an option's place, HTTP its name.
 */
export const optionNames = [
  'acceptLostHistories',
  'alerts',
  'allTrees',
  'allowLeak',
  'averageOf',
  'badRows',
  'by',
  'cases',
  'categoryNumbers',
  'cluster',
  'costFalseNegative',
  'costFalsePositive',
  'data',
  'dates',
  'deadLetters',
  'decimal',
  'delay',
  'detector',
  'edges',
  'encoding',
  'flagShare',
  'folds',
  'force',
  'from',
  'fromLog',
  'history',
  'host',
  'ignore',
  'in',
  'includeTraining',
  'insecure',
  'jobFiles',
  'journal',
  'keyChanges',
  'label',
  'labels',
  'learner',
  'maxAhead',
  'memberWeights',
  'missing',
  'numberRows',
  'objective',
  'out',
  'policyFeatures',
  'port',
  'protocol',
  'refit',
  'rejects',
  'replica',
  'replies',
  'report',
  'retain',
  'shuffle',
  'test',
  'testFrom',
  'testShare',
  'text',
  'threshold',
  'time',
  'timeFormat',
  'train',
  'trials',
  'url',
  'wantedPrecision',
  'wantedRecall',
  'webhooks',
  'weightColumn',
  'weights',
  'workers',
] as const

export type OptionName = (typeof optionNames)[number]

/** An option as messages name it. */
export function option(name: OptionName): string {
  return `option \`${name}\``
}

/** The text with each option as `tell` has it, in place of its name. */
export function tellOptions(text: string, tell: (name: OptionName) => string): string {
  return text.replace(/\boption `(\w+)`/g, (named, name: string) => {
    const known = optionNames.find((each) => each === name)
    return known === undefined ? named : tell(known)
  })
}

/** Refuses what an option says; the reason goes on behind its name: "needs a split by time". */
export function optionInvalid(name: OptionName, reason: string): FraudError {
  return new FraudError('OPTION_INVALID', `${option(name)} ${reason}`, { errors: [{ field: name, reason }] })
}
