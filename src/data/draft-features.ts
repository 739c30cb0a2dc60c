import type { Detector } from '../detector/detector.ts'

type Feature = Detector['features'][number]

/** What the features of a draft can rest on. */
export interface FeatureBasis {
  readonly hasAmount: boolean
  /** Whether amounts of one key may be added up and compared. */
  readonly sumsAmounts: boolean
  readonly hasPosition: boolean
  /** Columns with the place where somebody lives. */
  readonly home: { readonly latitude: string; readonly longitude: string } | undefined
  /** Keys whose values come again, in the detector's order. */
  readonly payers: readonly string[]
  readonly payees: readonly string[]
  readonly means: readonly string[]
  /** Fields of many values. */
  readonly codes: readonly string[]
  /** Fields of few values, with these. */
  readonly categories: readonly { readonly field: string; readonly values: readonly string[] }[]
  /** Columns of numbers. */
  readonly numbers: readonly Feature[]
  /** Whether hours of the day can be told. */
  readonly hasHours: boolean
  /** Whether days of the week can. */
  readonly hasWeekdays: boolean
  /** Whether labels come late enough, and the table is long enough, to count frauds known by then. */
  readonly countsFrauds: boolean
}

/** Features that fit what is there, of the kinds that a model of cards lives on. */
export function draftFeatures(basis: FeatureBasis): readonly Feature[] {
  const { hasAmount, hasHours, hasPosition, home, payers, payees, means, codes, categories } = basis
  return [
    ...(hasAmount ? ['amount'] : []),
    ...(hasHours ? ['hour'] : []),
    ...(hasHours && basis.hasWeekdays ? ['weekend'] : []),
    ...categories.map(({ field, values }) => ({ category: { of: field, values } })),
    ...basis.numbers,
    ...(hasPosition && home !== undefined ? [{ distance: { ...home, as: 'home_distance' } }] : []),
    ...payers.flatMap((key) => ofPayer(key, basis)),
    ...payees.flatMap((key) => ofPayee(key, basis)),
    ...means.flatMap((key) => ofMeans(key, basis)),
    ...codes.flatMap((field) => [
      { count: { by: field, over: '1d' } },
      { frequency: { of: field, over: '30d' } },
      ...(basis.countsFrauds ? [{ fraudRate: { by: field, over: '30d' } }] : []),
    ]),
  ]
}

const whenSubHour = (basis: FeatureBasis, over: readonly string[]) =>
  basis.hasHours ? over : over.filter((each) => !/[mh]$/.test(each))

function ofPayer(key: string, basis: FeatureBasis): readonly Feature[] {
  const { sumsAmounts, hasPosition, payers, payees, means, codes, categories, countsFrauds } = basis
  const isFirst = key === payers[0]
  const isLast = key === payers.at(-1)
  const others = payers.filter((other) => other !== key)
  return [
    { count: { by: key, over: whenSubHour(basis, ['1h', '1d', '7d', '30d']) } },
    ...(sumsAmounts
      ? [
          { sum: { of: 'amount', by: key, over: '1d' } },
          { mean: { of: 'amount', by: key, over: ['7d', '30d'] } },
          { ratioToMean: { of: 'amount', by: key, over: '30d', excludeSelf: true } },
          { ratioToMax: { of: 'amount', by: key, over: '30d', excludeSelf: true } },
        ]
      : []),
    { timeSinceLast: { by: key, over: '30d' } },
    ...(countsFrauds ? [{ fraudCount: { by: key, over: '30d' } }, { timeSinceFraud: { by: key, over: '30d' } }] : []),
    ...(isLast ? [...payees, ...means].map((of) => ({ firstSeen: { of, by: key, over: '60d' } })) : []),
    ...(isFirst ? payees.map((of) => ({ distinct: { of, by: key, over: ['1d', '7d'] } })) : []),
    ...(payees.length === 0 ? others.map((of) => ({ distinct: { of, by: key, over: ['1d', '7d'] } })) : []),
    ...(isFirst && payees.length > 0 ? codes.slice(0, 2).map((of) => ({ distinct: { of, by: key, over: '7d' } })) : []),
    ...(isLast
      ? categories
          .filter(({ values }) => values.length > 3)
          .slice(0, 3)
          .map(({ field }) => ({ frequency: { of: field, by: key, over: '30d' } }))
      : []),
    ...(isFirst && hasPosition
      ? [{ distanceFromLast: { by: key, over: '7d' } }, { speedFromLast: { by: key, over: '7d' } }]
      : []),
  ]
}

function ofPayee(key: string, basis: FeatureBasis): readonly Feature[] {
  const { sumsAmounts, payers, countsFrauds } = basis
  return [
    { count: { by: key, over: whenSubHour(basis, ['1h', '1d', '7d']) } },
    ...(countsFrauds
      ? [
          { fraudRate: { by: key, over: ['1d', '7d', '30d'] } },
          { timeSinceFraud: { by: key, over: '30d' } },
          { fraudRun: { by: key, over: '30d', what: 'length' } },
        ]
      : []),
    ...(sumsAmounts
      ? [
          { mean: { of: 'amount', by: key, over: whenSubHour(basis, ['1h', '30d']) } },
          { ratioToMean: { of: 'amount', by: key, over: '30d' } },
        ]
      : []),
    ...payers.slice(0, 1).map((of) => ({ distinct: { of, by: key, over: basis.hasHours ? '1h' : '1d' } })),
  ]
}

function ofMeans(key: string, basis: FeatureBasis): readonly Feature[] {
  const [payer] = basis.payers
  const linked = payer === undefined ? [] : [{ linkedFrauds: { of: payer, by: key, over: '30d' } }]
  return [
    { count: { by: key, over: whenSubHour(basis, ['1h', '1d']) } },
    ...(payer === undefined
      ? []
      : [{ distinct: { of: payer, by: key, over: '1d' } }, { newPairs: { of: payer, by: key, over: '7d' } }]),
    ...(basis.countsFrauds ? [{ fraudCount: { by: key, over: '30d' } }, ...linked] : []),
  ]
}
