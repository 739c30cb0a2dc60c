import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { changeOf, inForce, record } from '../../test/policy-fixture.ts'
import { anyChangeSchema } from './change.ts'
import { checkChange } from './check-change.ts'
import { changeTo, tellChange, tellDifferences } from './policy-diff.ts'
import { readPolicyFiles, writePolicyFiles } from './policy-documents.ts'

function sample() {
  const policy = inForce()
  const fuses = { decline: { share: 0.1, over: '1h', atLeast: 100, then: 'review' } }
  policy.apply(record(2, changeOf({ fuses, segments: [{ name: 'abroad', when: 'country != "DE"', thresholds: {} }] })))
  policy.apply(record(3, { kind: 'list', list: { name: 'odd', of: 'country', effect: 'none' } }))
  const rule = {
    id: 'odd',
    when: 'country in lists.odd &&\n  amount > 5.0',
    then: 'review',
    reason: '# "{country}": odd',
  }
  policy.apply(record(4, anyChangeSchema.parse({ kind: 'rule', rule })))
  policy.apply(record(5, anyChangeSchema.parse({ kind: 'rule', rule: { ...rule, id: 'odder', state: 'live' } })))
  return policy
}

describe('a policy as files', () => {
  test('is read as it was written, and then nothing has to be changed', () => {
    const { definitions } = sample()
    const read = readPolicyFiles(writePolicyFiles(definitions))
    assert.deepEqual(read, {
      policy: definitions.policy,
      rules: [...definitions.rules.values()],
      lists: [...definitions.lists.values()],
    })
    assert.equal(changeTo(definitions, read), undefined)
  })

  test('is one change that leads to what the files say, and lets alone what they don’t speak of', () => {
    const files = writePolicyFiles(sample().definitions)
    const policy = inForce()
    policy.apply(record(2, anyChangeSchema.parse({ kind: 'rule', rule: { id: 'old', when: 'true', then: 'decline' } })))
    policy.apply(record(3, { kind: 'list', list: { name: 'older', of: 'card', effect: 'block' } }))
    const change = changeTo(policy.definitions, readPolicyFiles(files))
    assert.ok(change)
    assert.deepEqual(checkChange(policy, change).problems, [])
    assert.deepEqual(
      tellChange(policy.definitions, change, () => undefined),
      [
        'policy: segments none -> [{"name":"abroad","when":"country != \\"DE\\"","thresholds":{}}]',
        'policy: fuses none -> {"decline":{"share":0.1,"over":"1h","atLeast":100,"then":"review"}}',
        ...['rule old: removed', 'rule odd: added', 'rule odder: added', 'list older: removed', 'list odd: added'],
      ],
    )
    policy.apply(record(4, change))
    assert.deepEqual(policy.definitions, sample().definitions)
    assert.equal(policy.version, 4)
    const rules = files.filter(({ path }) => path === 'rules.yaml')
    assert.deepEqual(readPolicyFiles(rules), {
      policy: undefined,
      lists: undefined,
      rules: [...policy.definitions.rules.values()],
    })
    assert.equal(changeTo(policy.definitions, readPolicyFiles([])), undefined)
  })

  test('takes rules of many files, one in each or a list', () => {
    const one = { path: 'rules/a.yaml', text: '# of ann\nid: a\nwhen: "true"\nthen: review\n' }
    const more = { path: 'rules/more.yaml', text: '# all\n\n- { id: b, when: "true", then: review, state: live }\n' }
    const { rules } = readPolicyFiles([one, more])
    assert.deepEqual(
      rules?.map(({ id, state }) => [id, state]),
      [
        ['a', 'shadow'],
        ['b', 'live'],
      ],
    )
  })

  test('tells each thing that is wrong, with its file and line', () => {
    const files = [
      { path: 'policy.yaml', text: 'thresholds:\n  review: 2\n' },
      { path: 'rules/a.yaml', text: 'id: a\nwhen: "true"\nthen: refuse\nwhy: x\n' },
      {
        path: 'rules/b.yaml',
        text: '- { id: b, when: "true", then: review }\n- { id: b, when: "true", then: review }\n',
      },
      { path: 'lists.yaml', text: '- name: [\n' },
    ]
    assert.throws(
      () => readPolicyFiles(files),
      (error) => {
        assert.ok(error instanceof Error && 'code' in error)
        assert.equal(error.code, 'POLICY_INVALID')
        const lines = error.message.split('\n')
        assert.equal(lines[0], 'policy.yaml:2: thresholds.review: it must be at most 1')
        assert.match(lines[1], /^lists\.yaml:\d+: /)
        assert.match(error.message, /rules\/a\.yaml:3: then: it must be "approve"/)
        assert.match(error.message, /rules\/a\.yaml:\d: it has no "why"/)
        assert.match(error.message, /There are two rules b; each has its own name/)
        return true
      },
    )
  })

  test('tells of a misspelt name which was meant', () => {
    const of = (text: string) => () => readPolicyFiles([{ path: 'policy.yaml', text }])
    const costs = 'costs:\n  wrongDecline: { fixed: 1 }\n  missedFraud: { fixd: 20 }\n'
    assert.throws(of(costs), /policy\.yaml:3: costs\.missedFraud: it has no "fixd"; did you mean fixed\?/)
    assert.throws(of('treshholds: { review: 0.5 }\n'), /it has no "treshholds"; did you mean thresholds\?/)
  })
})

test('differences are told down to the values', () => {
  const policy = sample()
  const before = policy.at(5)
  policy.apply(record(6, { kind: 'rule-state', id: 'odd', state: 'live' }))
  policy.apply(record(7, changeOf({ thresholds: { review: 0.4, decline: 0.9 } })))
  assert.ok(before)
  assert.deepEqual(tellDifferences(before, policy.definitions), [
    'policy: thresholds.review 0.5 -> 0.4',
    'policy: segments [{"name":"abroad","when":"country != \\"DE\\"","thresholds":{}}] -> none',
    'policy: fuses {"decline":{"share":0.1,"over":"1h","atLeast":100,"then":"review"}} -> none',
    'rule odd: state shadow -> live',
  ])
})
