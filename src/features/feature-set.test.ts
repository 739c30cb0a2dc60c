import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { FraudError } from '../core/errors.ts'
import { parseDetectorFile } from '../detector/detector.ts'
import { kindNames } from './declare-features.ts'
import { compileDetector, compileFeatures } from './feature-set.ts'

const amount = '  amount: { field: AMOUNT, digits: 2 }\n'
const time = '  time: { field: TIME, format: iso }\n'
const keys = '  keys: { card: CARD, shop: SHOP }\n'
const fields = '  fields: { city: CITY, points: POINTS }\n'
const label = '  label: { field: FRAUD, delay: 7d }\n'
const before = `detector: cards\ntransaction:\n${time}${amount}${keys}${fields}${label}`
/** The line of the first feature. */
const first = before.split('\n').length + 1

/** Everything that is wrong with a detector's features; each a line. */
function problemsOf(features: readonly string[], transaction = before): string[] {
  const text = `${transaction}features:\n${features.map((feature) => `  - ${feature}\n`).join('')}`
  try {
    compileFeatures(parseDetectorFile(text, 'cards.yaml'))
  } catch (error) {
    assert.ok(error instanceof FraudError && error.code === 'DETECTOR_INVALID', String(error))
    assert.equal(error.message.split('\n').length, Math.max(1, error.errors.length))
    return error.message.split('\n')
  }
  return assert.fail(`it was accepted: ${features.join(', ')}`)
}

function namesOf(...features: string[]): readonly string[] {
  const text = `${before}features:\n${features.map((feature) => `  - ${feature}\n`).join('')}`
  return compileFeatures(parseDetectorFile(text, 'cards.yaml')).names
}

/** One thing is wrong with a list of one feature: what is said of which part. */
function refuses(feature: string, part: string, reason: RegExp, transaction = before): void {
  const problems = problemsOf([feature], transaction)
  const line = transaction.split('\n').length + 1
  const place = `cards.yaml:${line}: features.0${part}: `
  const [found] = problems.filter((problem) => problem.startsWith(place) && reason.test(problem.slice(place.length)))
  assert.ok(found !== undefined, `nothing at ${place} like ${reason}:\n${problems.join('\n')}`)
}

describe('the names of features', () => {
  test('are the key, the field, the kind and the window, without the parts that don’t apply', () => {
    assert.deepEqual(
      namesOf(
        'count: { by: card, over: [1d, 7d] }',
        'mean: { of: amount, by: card, over: 7d }',
        'fraudRate: { by: shop, over: [7d, 90m] }',
        'fraudCount: { by: shop, over: 1w }',
        'standardDeviation: { of: points, by: card, over: 36h }',
        'ratioToMax: { of: amount, by: card, over: 30d }',
        'distinct: { of: shop, by: card, over: 1.5d }',
        'timeSinceLast: { by: card }',
        'timeSinceLast: { by: shop, over: 7d }',
        'firstSeen: { of: city, by: card }',
        'frequency: { of: city, over: 7d }',
        'frequency: { of: city, by: card, over: 7d }',
        'ratio: { of: card_count_1d, to: card_count_7d }',
        'count: { by: card, over: 7d, delay: 7d, as: late_count }',
        'oneHot: { of: city, values: [Rome, The Hague] }',
        'amount',
        'weekend',
        'night',
        'hour',
        'signedLog',
        'V1',
      ),
      [
        ...['card_count_1d', 'card_count_7d', 'card_amount_mean_7d', 'shop_fraud_rate_7d', 'shop_fraud_rate_90m'],
        ...['shop_fraud_count_1w', 'card_points_standard_deviation_36h', 'card_amount_ratio_to_max_30d'],
        ...['card_shop_distinct_1_5d', 'card_time_since_last', 'shop_time_since_last_7d', 'card_city_first_seen'],
        ...['city_frequency_7d', 'card_city_frequency_7d', 'card_count_1d_ratio_to_card_count_7d', 'late_count_7d'],
        ...['city_one_hot_rome', 'city_one_hot_the_hague', 'amount', 'weekend', 'night', 'hour', 'amount_signed_log'],
        'V1',
      ],
    )
  })

  test('of the handbook’s detector are its 15, in its order', () => {
    const { names } = compileFeatures(
      parseDetectorFile(readFileSync('detectors/handbook.yaml', 'utf8'), 'handbook.yaml'),
    )
    assert.deepEqual(names, [
      ...['amount', 'weekend', 'night'],
      ...['customer_count_1d', 'customer_count_7d', 'customer_count_30d'],
      ...['customer_amount_mean_1d', 'customer_amount_mean_7d', 'customer_amount_mean_30d'],
      ...['terminal_count_1d', 'terminal_count_7d', 'terminal_count_30d'],
      ...['terminal_fraud_rate_1d', 'terminal_fraud_rate_7d', 'terminal_fraud_rate_30d'],
    ])
  })

  test('must differ', () => {
    const twice = /^"card_count_7d" is listed twice: .*leave one of them out.*another name/
    const count = 'count: { by: card, over: 7d }'
    for (const other of ['count: { by: card, over: [1d, 7d] }', 'count: { by: card, over: 7d, delay: 7d }']) {
      const [problem, ...more] = problemsOf([count, other])
      assert.deepEqual(more, [])
      const place = `cards.yaml:${first + 1}: features.1.count: `
      assert.ok(problem.startsWith(place) && twice.test(problem.slice(place.length)), problem)
    }
    refuses('count: { by: card, over: [7d, 7d] }', '.count', twice)
    assert.match(problemsOf(['V1', 'amount', 'V1'])[0], /^cards\.yaml:\d+: features\.2: "V1" is listed twice/)
    refuses('oneHot: { of: city, values: [Rome, rome] }', '.oneHot', /"city_one_hot_rome" is listed twice/)
  })
})

describe('a declaration that is wrong names the place, the cause and a cure', () => {
  test('where a kind is misspelt, has no parameters or stands beside another', () => {
    refuses(
      'mediam: { of: amount, by: card, over: 7d }',
      '.mediam',
      /no kind of feature "mediam"\. Did you mean "median"\?/,
    )
    refuses('velocity: { by: card }', '.velocity', /no kind of feature "velocity"\. It has "amount", .*"weekend"/)
    refuses('constructor: {}', '.constructor', /no kind of feature "constructor"/)
    refuses('count', '', /count needs more parameters: by, over/)
    refuses('count:', '.count.by', /name the key or category whose history it is/)
    refuses('count: 7d', '.count', /write its parameters by name: by, over, delay, excludeSelf, where, as/)
    refuses('hour: 7', '.hour', /it has no parameters/)
    refuses('hour: { zone: UTC }', '.hour.zone', /hour has no parameter "zone"; hour has no parameters/)
    const own = /each entry is one kind of feature; begin each with "-", and indent its parameters/
    refuses('count: { by: card, over: 7d }\n    sum: { of: amount, by: card, over: 7d }', '', own)
    refuses('count:\n    by: card\n    over: 7d', '', own)
  })

  test('where a parameter is misspelt or missing', () => {
    refuses('count: { by: card, ovr: 7d }', '.count.ovr', /count has no parameter "ovr"\. Did you mean "over"\?/)
    refuses('count: { by: card }', '.count.over', /write a window or a list of them, such as \[1d, 7d, 30d\]/)
    refuses('count: { over: 7d }', '.count.by', /name the key or category/)
    refuses('mean: { by: card, over: 7d }', '.mean.of', /name the amount or a field/)
    refuses('oneHot: { of: city, values: [] }', '.oneHot.values', /list the values/)
    refuses('ratio: { of: amount }', '.ratio.to', /name another feature of the list/)
    refuses('night: { untilHour: 24 }', '.night.untilHour', /23/)
    refuses('count: { by: card, over: 7d, as: My Count }', '.count.as', /small letters, digits and "_"/)
  })

  test('where a condition can’t be read, or a window leaves out what it does not hold', () => {
    const refusesWhere = (where: string, reason: RegExp) =>
      refuses(`count: { by: card, over: 7d, where: '${where}' }`, '.count.where', reason)
    refusesWhere('cty == "Rome"', /column 1: .*"cty" is unknown; did you mean city/)
    refusesWhere('points > 3.0 && points < "a"', /column \d+: /)
    refusesWhere('score > 0.5', /"score"/)
    refusesWhere('card in lists.blocked', /lists/)
    refusesWhere('city', /must be true or false/)
    refuses(
      'mean: { of: amount, by: card, over: 7d, delay: 1d, excludeSelf: true }',
      '.mean.excludeSelf',
      /a window with a delay does not hold the transaction itself/,
    )
    refuses('fraudCount: { by: card, over: 7d, excludeSelf: true }', '.fraudCount.excludeSelf', /has no parameter/)
    refuses('riskOf: { of: city, over: 7d }', '.riskOf.prior', /train finds it, and the bundle has it/)
    refuses('fraudRun: { by: card, over: 7d }', '.fraudRun.what', /write length \(of the run\) or age/)
  })

  test('where a name is not one of the detector’s', () => {
    refuses(
      'count: { by: crd, over: 7d }',
      '.count.by',
      /the detector declares no key or field "crd"\. Did you mean "card"\?/,
    )
    refuses('count: { by: terminal, over: 7d }', '.count.by', /It has "city", "points", "card", "shop"/)
    refuses('mean: { of: amuont, by: card, over: 7d }', '.mean.of', /no number "amuont".*Did you mean "amount"\?/)
    refuses('mean: { of: shop, by: card, over: 7d }', '.mean.of', /no number "shop".*It has "amount", "city", "points"/)
    refuses('distinct: { of: cty, by: card, over: 7d }', '.distinct.of', /no key or field "cty".*"city"/)
    refuses('firstSeen: { of: constructor, by: card }', '.firstSeen.of', /no key or field "constructor"/)
    const bare = `detector: cards\ntransaction:\n${time}${label}`
    refuses(
      'count: { by: card, over: 7d }',
      '.count.by',
      /declare it under transaction\.keys or transaction\.fields/,
      bare,
    )
    refuses('signedLog: { of: points }', '.signedLog.of', /declare it under transaction\.fields/, bare)
    const noAmount = before.replace(amount, '')
    for (const feature of ['amount', 'signedLog'])
      refuses(feature, '.of', /this needs transaction\.amount: \{/, noAmount)
    refuses('sum: { of: amount, by: card, over: 7d }', '.sum.of', /this needs transaction\.amount: \{/, noAmount)
  })

  test('where a window is no length of time', () => {
    for (const [over, part, reason] of [
      ['7', '', /7 needs a unit, such as 7d \(ms, s, m, h, d or w\)/],
      ['7days', '', /"days" is not a unit of time; use ms, s, m, h, d or w, as in 7d/],
      ['[1d, 7]', '.1', /7 needs a unit/],
      ['-1d', '', /write a number and its unit, such as 7d/],
      ['0d', '', /a window must be longer than 0/],
      ['[]', '', /./],
    ] as const) {
      refuses(`count: { by: card, over: ${over} }`, `.count.over${part}`, reason)
    }
    refuses('count: { by: card, over: 7d, delay: 1 }', '.count.delay', /1 needs a unit/)
    refuses('frequency: { of: city, over: 1y }', '.frequency.over', /"y" is not a unit of time/)
  })

  test('where a delay makes no sense', () => {
    for (const kind of ['timeSinceLast', 'distanceFromLast', 'speedFromLast']) {
      const reason = new RegExp(
        `a delay moves a window back, and ${kind} begins at the transaction itself; leave it out`,
      )
      refuses(`${kind}: { by: card, delay: 7d }`, `.${kind}.delay`, reason)
    }
    refuses('firstSeen: { of: shop, by: card, delay: 7d }', '.firstSeen.delay', /firstSeen begins at the transaction/)
    refuses('frequency: { of: city, over: 7d, delay: 7d }', '.frequency.delay', /frequency begins at the transaction/)
    refuses('night: { delay: 7d }', '.night.delay', /night has no window; leave it out/)
    refuses('signedLog: { delay: 7d }', '.signedLog.delay', /signedLog has no window/)
  })

  test('where a feature needs what the detector does not declare', () => {
    const noTime = before.replace(time, '')
    for (const kind of ['hour', 'weekday', 'weekend', 'night']) {
      refuses(kind, '', new RegExp(`${kind} needs a time, and the detector declares no transaction\\.time`), noTime)
    }
    refuses('count: { by: card, over: 7d }', '.count', /needs a time, .*transaction\.time/, noTime)
    for (const kind of ['distanceFromLast', 'speedFromLast']) {
      refuses(
        `${kind}: { by: card }`,
        `.${kind}`,
        /this needs transaction\.position: \{ latitude: COLUMN, longitude: COLUMN \}/,
      )
    }
  })

  test('where features need each other or one that there is not', () => {
    assert.deepEqual(
      problemsOf(['ratio: { of: b, to: amount, as: a }', 'ratio: { of: a, to: amount, as: b }', 'amount']).map(
        (problem) => problem.slice(0, problem.indexOf(':', 50)),
      ),
      [`cards.yaml:${first}: features.0.ratio: "a" needs "b" needs "a"`],
    )
    assert.equal(problemsOf(['ratio: { of: a, to: a, as: a }']).length, 1)
    const [unknown] = problemsOf(['count: { by: card, over: 7d }', 'ratio: { of: card_count_7d, to: card_cuont_7d }'])
    assert.equal(
      unknown,
      `cards.yaml:${first + 1}: features.1.ratio: there is no feature "card_cuont_7d". Did you mean "card_count_7d"?`,
    )
  })

  test('where much is wrong at once, each on its line', () => {
    const problems = problemsOf([
      'count: { by: crd, over: 7d }',
      'cont: { by: card, over: 7d }',
      'amount',
      'night: { hour: 6 }',
    ])
    assert.deepEqual(
      problems.map((problem) => problem.split(': ')[0]),
      [0, 1, 3].map((line) => `cards.yaml:${first + line}`),
    )
  })
})

describe('what a detector’s features need', () => {
  const plan = (...features: Parameters<typeof compileDetector>[0]['features']) =>
    compileDetector({
      detector: 'cards',
      transaction: {
        time: { field: 'TIME', format: 'iso' },
        amount: { field: 'AMOUNT', digits: 2, currency: { field: 'CURRENCY' } },
        keys: { card: 'CARD' },
        // A field that is called what the amount's currency is called, but is another column.
        fields: { currency: 'CARD_CURRENCY' },
        label: { field: 'FRAUD', delay: '7d' },
      },
      features,
    })

  test('is one history by key, with each window and field once', () => {
    const { plan: found } = plan(
      { count: { by: 'card', over: ['1d', '24h', '7d'] } },
      { count: { by: 'card', over: '1d', delay: '7d', as: 'ago' } },
      { fraudRate: { by: 'card', over: '1d' } },
    )
    assert.equal(found.histories.length, 1)
    const [{ windows, spanMs, countsFrauds, fields: kept }] = found.histories
    const dayMs = 86_400_000
    assert.deepEqual(
      windows.map(({ widthMs, delayMs }) => [widthMs / dayMs, delayMs / dayMs]),
      [
        [1, 0],
        [7, 0],
        [1, 7],
      ],
    )
    assert.deepEqual([spanMs, countsFrauds, kept, found.eventsPerKey], [8 * dayMs, true, [], 4096])
  })

  test('is the currency of amounts in a history, and no other field of that name', () => {
    const distinct = { distinct: { of: 'currency', by: 'card', over: '7d' } }
    const set = plan(distinct, { sum: { of: 'amount', by: 'card', over: '7d' } })
    assert.equal(set.layout.texts[set.plan.currency ?? -1]?.column, 'CURRENCY')
    assert.equal(plan(distinct, 'amount').plan.currency, undefined)
  })

  test('is nothing but columns where that is what they are', () => {
    assert.deepEqual(plan('V1', { column: 'V2' }).columns, ['V1', 'V2'])
    assert.equal(plan('V1', 'amount').columns, undefined)
    // A column that is called as a kind is has to be declared as a column.
    assert.ok(kindNames.includes('hour'))
    assert.deepEqual(plan({ column: 'hour' }).columns, ['hour'])
  })
})

describe('what only the label knows is refused', () => {
  const isLabel = /is the label that a model predicts/
  const isKnownAt = /says when the label is known, which is not known when a transaction arrives/
  const known = before.replace('delay: 7d', 'knownAt: KNOWN')

  test('as a column, with its line', () => {
    refuses('FRAUD', '', isLabel)
    refuses('column: FRAUD', '.column', isLabel)
    refuses('KNOWN', '', isKnownAt, known)
    refuses('column: KNOWN', '.column', isKnownAt, known)
  })

  test('as a part of the transaction that features read, with its line', () => {
    for (const [part, line, feature, transaction] of [
      ['transaction.amount.field', 4, 'mean: { of: amount, by: card, over: 7d }', ['field: AMOUNT', 'field: FRAUD']],
      ['transaction.keys.card', 5, 'count: { by: card, over: 7d }', ['CARD', 'FRAUD']],
      ['transaction.fields.points', 6, 'max: { of: points, by: shop, over: 7d }', ['POINTS', 'FRAUD']],
      ['transaction.fields.city', 6, 'category: { of: city, values: [a] }', ['CITY', 'FRAUD']],
      ['transaction.fields.city', 6, 'amount', ['CITY', 'KNOWN']],
      ['transaction.time.field', 3, 'hour', ['field: TIME', 'field: FRAUD']],
      ['transaction.amount.conversion', 4, 'amount', ['digits: 2', 'currency: { field: C }, conversion: KNOWN']],
      ['transaction.amount.currency.field', 4, 'amount', ['digits: 2', 'currency: { field: FRAUD }']],
      [
        'transaction.position.latitude',
        7,
        'amount',
        ['  label', '  position: { latitude: KNOWN, longitude: LON }\n  label'],
      ],
      ['transaction.id', 7, 'amount', ['  label', '  id: FRAUD\n  label']],
    ] as const) {
      const problems = problemsOf([feature], known.replace(transaction[0], transaction[1]))
      const [found] = problems.filter((problem) => problem.includes(`: ${part}: `))
      const reason = transaction[1].includes('KNOWN') ? isKnownAt : isLabel
      assert.match(found ?? '', reason, problems.join('\n'))
      assert.ok(found.startsWith(`cards.yaml:${line}: `), found)
    }
  })

  test('but features of earlier labels, and a label that is known at once, are not', () => {
    const features = '  - fraudRate: { by: shop, over: 7d }\n  - amount\n'
    for (const transaction of [before, known, known.replace('KNOWN', 'TIME')]) {
      const { detector, locate } = parseDetectorFile(`${transaction}features:\n${features}`, 'cards.yaml')
      assert.equal(compileFeatures({ detector, locate }).names.length, 2)
    }
  })
})
