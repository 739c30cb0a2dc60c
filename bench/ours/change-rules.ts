// CPU time of changing one of many rules: RULES CHANGES. Checks each change, applies it and judges a transaction, as a
// service does between two decisions; then refuses a text with 150 misspelt names of 500. Prints one line of JSON.
import { createRandom } from '../../src/core/random.ts'
import { checkChange, PolicyInForce, type PolicyNames } from '../../src/decisioning/index.ts'
import { policySchema } from '../../src/decisioning/policy-definition.ts'
import { ruleSchema } from '../../src/decisioning/rule-definition.ts'
import { compileExpression } from '../../src/language/index.ts'
import { declarations, drawRule, drawSubject } from '../harness/realistic-rules.ts'

const [count, changes] = process.argv.slice(2).map(Number)
const random = createRandom(15)
const { names } = declarations
const slots = [...names.values()].map(({ slot }) => slot)
const subject = drawSubject(random)
const textFields = subject.texts.map((_, place) => place)
const bare = { hasAmount: true, hasManyCurrencies: false, minorUnits: 1, numberFields: [], textFields, featuresAt: 3 }
const policyNames: PolicyNames = {
  ...{ ...bare, names, numberCount: Math.max(...slots) + 1 },
  own: { features: [], problems: [], clashes: [] },
  withFeatures: () => policyNames,
}
const policy = new PolicyInForce(
  { policy: policySchema.parse({ thresholds: { review: 0.5 } }), version: 0 },
  policyNames,
)
const [amount, timestampMs, score] = subject.numbers
const row = subject.numbers.subarray(bare.featuresAt)
const input = { id: 'a', timestampMs, decidedAtMs: 0, amount, fields: subject.texts, row, score }
const secret = new Uint8Array(32)

function ruleOf(place: number) {
  return ruleSchema.parse({ id: `rule-${place}`, when: drawRule(random), then: 'review', state: 'live' })
}

let sequence = 0
function change(change: Parameters<typeof checkChange>[1]): void {
  const { problems } = checkChange(policy, change)
  if (problems.length > 0) throw new Error(JSON.stringify(problems[0]))
  policy.apply({ sequence: ++sequence, by: 'bench', atMs: 0, change })
  policy.judge(input, secret)
}

function cpuMs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

const lists = ['blocked_devices', 'watched_cards', 'mule_cards', 'trusted_customers']
const rules = Array.from({ length: count }, (_, place) => ruleOf(place))
const changed = Array.from({ length: changes }, () => ruleOf(random.integer(count)))
for (const name of lists) change({ kind: 'list', list: { name, of: 'card', effect: 'none' } })
const loadMs = cpuMs(() => change({ kind: 'together', changes: rules.map((rule) => ({ kind: 'rule', rule })) }))
const changeMs = changed.map((rule) => cpuMs(() => change({ kind: 'rule', rule })))
const figures = { loadMs, changeMs: medianOf(changeMs), slowestMs: Math.max(...changeMs), misspeltMs: refuseMisspelt() }
process.stdout.write(`${JSON.stringify(figures)}\n`)

function refuseMisspelt(): number {
  const declared = new Map(
    Array.from({ length: 500 }, (_, slot) => [`card_count_${slot}d`, { type: 'double', slot } as const] as const),
  )
  const texts = ['card_cuont_', 'zzzz_qqqqq_'].map((start) =>
    Array.from({ length: 150 }, (_, i) => `${start}${i}d > 1`).join(' || '),
  )
  const times = texts.map((text) => cpuMs(() => void compileExpression(text, { names: declared, lists: new Map() })))
  return Math.max(...times)
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1]
}
