// CPU time of changing one of many rules: RULES CHANGES. Checks each change, applies it and judges a transaction, as a
// service does between two decisions, and prints one line of JSON.
import { createRandom } from '../../src/core/random.ts'
import { checkChange, PolicyInForce, type PolicyNames } from '../../src/decisioning/index.ts'
import { policySchema } from '../../src/decisioning/policy-definition.ts'
import { ruleSchema } from '../../src/decisioning/rule-definition.ts'
import { declarations, drawRule, drawSubject } from '../harness/realistic-rules.ts'

const [count, changes] = process.argv.slice(2).map(Number)
const random = createRandom(15)
const { names } = declarations
const slots = [...names.values()].map(({ slot }) => slot)
const subject = drawSubject(random)
const textFields = subject.texts.map((_, place) => place)
const bare = { hasAmount: true, minorUnits: 1, numberFields: [], textFields, featuresAt: 3 }
const policyNames: PolicyNames = {
  ...{ ...bare, names, numberCount: Math.max(...slots) + 1 },
  own: { features: [], problems: [] },
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
const sorted = changeMs.toSorted((one, other) => one - other)
const figures = { loadMs, changeMs: sorted[sorted.length >> 1], slowestMs: sorted[sorted.length - 1] }
process.stdout.write(`${JSON.stringify(figures)}\n`)
