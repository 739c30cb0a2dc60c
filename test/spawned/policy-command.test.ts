import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { runShrike, ServiceProcess, succeed, temporaryFolder, trainBundle } from '../durability/service.ts'

const folder = temporaryFolder()
const [data, directory] = [join(folder, 'data'), join(folder, 'policy')]
let bundle = ''

before(async () => {
  bundle = await trainBundle(folder)
  const service = await ServiceProcess.start(bundle, data)
  await service.stop()
})

const policy = (...args: readonly string[]) => runShrike('policy', ...args, '--data', data, '--bundle', bundle)
const told = async (...args: readonly string[]) =>
  JSON.parse(await succeed('policy', ...args, '--data', data, '--bundle', bundle, '--json'))
const file = (name: string) => join(directory, name)

const velocity = `- id: velocity
  when: card_count_1h > 8
  then: decline
  # People read this.
  reason: "{card_count_1h} payments within an hour"
`

/** Problems of several files, and of the log's own rules: a dry run tells those that the change itself would be refused for. */
async function checksAsItApplies() {
  const directory = join(folder, 'refused')
  mkdirSync(directory)
  const wrong = `- { id: one, when: card_cuont_1h > 8, then: decline }\n- { id: two, when: amount > "much", then: review }\n`
  writeFileSync(join(directory, 'rules.yaml'), wrong)
  writeFileSync(join(directory, 'lists.yaml'), '[{ name: stolen, of: crad, effect: block }]\n')
  const [dry, applied] = [await policy('apply', directory, '--dry-run'), await policy('apply', directory)]
  assert.deepEqual([dry.code, dry.stderr], [applied.code, applied.stderr])
  assert.equal(dry.code, 1)
  for (const named of [/rules\.one\.when.*did you mean card_count_1h/, /rules\.two\.when/, /lists\.stolen\.of.*"card"/])
    assert.match(dry.stderr, named)
}

test('a policy is pulled, changed in files, compared, applied as one change, and rolled back', async () => {
  const { version } = await told('pull', directory)
  assert.deepEqual(readdirSync(directory).sort(), ['lists.yaml', 'policy.yaml', 'rules.yaml'])
  const same = await policy('diff', directory, '--exit-code')
  assert.deepEqual([same.code, same.stdout], [0, `${directory} says what is in force (version ${version})\n`])
  assert.match((await policy('apply', directory)).stdout, /^nothing to do: /)
  const { last24h, perDay } = (await told('show')).reviews
  assert.deepEqual([last24h, perDay], [0, null])
  assert.match((await policy('show')).stdout, /^# version .*\n# reviews in the last 24 hours: 0\n/)

  mkdirSync(file('lists'))
  writeFileSync(file('lists/stolen.csv'), 'value\nk1\n')
  writeFileSync(file('rules.yml'), velocity)
  const { stderr } = await policy('diff', directory)
  assert.match(stderr, /stolen\.csv is not read: entries of a list are added by shrike lists add NAME .*stolen\.csv/)
  assert.match(stderr, /rules\.yml is not read: a policy is in policy\.yaml, rules\.yaml, lists\.yaml and rules/)
  rmSync(file('lists'), { recursive: true })
  rmSync(file('rules.yml'))

  writeFileSync(file('rules.yaml'), velocity)
  writeFileSync(file('lists.yaml'), '[{ name: stolen, of: card, effect: block }]\n')
  const changes = ['rule velocity: added', 'list stolen: added']
  const different = await policy('diff', directory, '--exit-code')
  assert.deepEqual([different.code, different.stdout], [1, `${changes.join('\n')}\n`])
  assert.equal((await policy('diff', directory)).code, 0)
  assert.match((await policy('apply', directory, '--dry-run')).stdout, /\nnothing was changed: /)
  await checksAsItApplies()
  const applied = await told('apply', directory, '--why', 'card testing')
  assert.ok(applied.version > version)
  assert.deepEqual(applied.changes, changes)

  const [step] = await told('versions')
  assert.deepEqual([step.version, step.by, step.why], [applied.version, 'command:policy', 'card testing'])
  assert.deepEqual(step.changes, changes)
  const stale = await policy('apply', directory, '--if-version', String(version))
  assert.equal(stale.code, 1)
  assert.match(stale.stderr, /POLICY_CHANGED: The policy is in version \d+, and/)

  await succeed('policy', 'rollback', String(version), '--data', data, '--bundle', bundle, '--why', 'too many')
  const { rules, lists } = await told('show')
  assert.deepEqual([rules, lists], [[], [{ name: 'stolen', of: 'card', effect: 'none' }]])
  const back = ['rule velocity: added', 'list stolen: effect none -> block']
  assert.deepEqual((await told('diff', directory)).changes, back)
})

test('a pull leaves files that say the same as they are, and loses none', async () => {
  await told('apply', directory)
  await told('pull', directory)
  assert.equal(readFileSync(file('rules.yaml'), 'utf8'), velocity)
  writeFileSync(file('rules.yaml'), '[]\n')
  const { written } = await told('pull', directory)
  assert.deepEqual(written, [file('rules.yaml')])
  assert.equal(readFileSync(file('rules-1.yaml'), 'utf8'), '[]\n')
  assert.match(readFileSync(file('rules.yaml'), 'utf8'), /id: velocity/)

  rmSync(file('rules.yaml'))
  mkdirSync(file('rules'))
  writeFileSync(file('rules/velocity.yaml'), velocity)
  assert.deepEqual((await told('pull', directory)).written, [])
  writeFileSync(file('rules/velocity.yaml'), velocity.replace('> 8', '> 9'))
  const refused = await policy('pull', directory)
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /FILE_UNWRITABLE: The rules in .*rules are not those that are in force\n.*policy diff/)
  assert.deepEqual((await told('pull', directory, '--force')).written, [file('rules.yaml')])
  assert.deepEqual(readdirSync(file('rules')), [])
})

test('what is wrong with files or a change is told at its place, and nothing is changed', async () => {
  const { version } = await told('show')
  const bad = join(folder, 'bad')
  assert.match((await policy('apply', bad)).stderr, /FILE_UNREADABLE: There is no directory .*bad/)
  mkdirSync(bad)
  assert.match((await policy('diff', bad)).stderr, /holds no policy: .*\n.*shrike policy pull/)
  writeFileSync(join(bad, 'rules.yaml'), velocity.replace('decline', 'declin'))
  assert.match(
    (await policy('apply', bad)).stderr,
    /POLICY_INVALID: The policy in .*bad can't be read:\nrules.yaml:3: /,
  )
  writeFileSync(join(bad, 'rules.yaml'), velocity.replace('card_count_1h > 8', 'card_cont_1h > 8'))
  const unknown = await policy('apply', bad)
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /INPUT_INVALID: .*\n {2}rules.velocity.when, line 1, column 1: .*card_count_1h/)
  assert.match(
    (await policy('reset-fuse', 'decline')).stderr,
    /INPUT_INVALID: .*\n {2}fuse: there is no fuse "decline"/,
  )
  assert.match((await policy('rollback', '999999')).stderr, /INPUT_INVALID: .*\n {2}to: it must be a version from /)
  assert.equal((await policy('rollback', 'last')).code, 2)
  assert.equal((await told('show')).version, version)
})

test('the same beside a running service, and rules one by one', async () => {
  const service = await ServiceProcess.start(bundle, data)
  const rules = (...args: readonly string[]) => runShrike('rules', ...args, '--data', data)
  const { version } = await told('pull', directory, '--force')
  assert.match((await policy('apply', directory)).stdout, /^nothing to do: /)
  writeFileSync(file('policy.yaml'), `${readFileSync(file('policy.yaml'), 'utf8')}note: by hand\n`)
  const applied = await told('apply', directory, '--why', 'a note', '--if-version', String(version))
  assert.deepEqual(applied.changes, ['policy: note none -> by hand'])
  const steps = await told('versions')
  assert.deepEqual([steps.at(-1).version, steps.at(-1).why], [applied.version, 'a note'])
  assert.equal(steps[0].why, 'card testing')

  const one = join(folder, 'small.yaml')
  writeFileSync(one, 'id: small\nwhen: |\n  amount < 2.0 &&\n    hours < 5\nthen: review\n')
  const checked = await rules('check', one)
  assert.deepEqual(
    [checked.code, checked.stdout.startsWith(`${one}:4: small, when, line 2, column 3: The name "hours" is unknown`)],
    [1, true],
    checked.stdout,
  )
  const refused = await rules('add', one)
  assert.match(refused.stderr, /INPUT_INVALID: .*\n {2}rules.small.when, line 2, column 3: /)
  writeFileSync(one, readFileSync(one, 'utf8').replace('hours', 'hour'))
  assert.equal((await rules('check', one)).stdout, `${one}:1: small: fine\n`)
  assert.match((await rules('add', one)).stdout, /^version \d+ is in force in the service on http/)
  assert.match(
    (await rules('figures', 'small')).stdout,
    /^small: review, version \d+ of 20[\s\S]*\nunknown for want of a value: 0 of 0 decisions\n$/,
  )
  assert.match((await rules('names')).stdout, /^card_count_1h +double +feature count: { by: card, over: 1h }$/m)
  assert.match(
    (await rules('state', 'small', 'active')).stderr,
    /"draft", "shadow", "live" or "off"; "active" is written live here/,
  )
  assert.equal((await rules('state', 'small', 'live', '--why', 'tried')).code, 0)
  const until = ['--until', '2090-01-01T00:00:00Z']
  assert.equal((await rules('snooze', 'small', '--of', 'country', '--value', 'DE', ...until)).code, 0)
  assert.match((await rules('list')).stdout, /^small {2}live {2}review {2}amount < 2.0 && hour < 5$/m)
  await service.stop()

  const here = ['--bundle', bundle]
  assert.match((await rules('show', 'small', ...here)).stdout, /^id: small\n/)
  assert.match((await rules('show', 'smal', ...here)).stderr, /OPTION_INVALID: There is no rule smal\n.*rules list/)
  assert.equal((await rules('check', one, ...here)).stdout, `${one}:1: small: fine\n`)
  assert.match(
    (await rules('figures', 'small', ...here)).stdout,
    /^small: review, version \d+ of 20[\s\S]*fraud 0, legitimate 0, none 0/,
  )
  assert.match((await rules('figures', 'smal', ...here)).stderr, /OPTION_INVALID: There is no rule smal/)
  assert.equal((await rules('remove', 'small', ...here)).code, 0)
  assert.doesNotMatch((await rules('list', ...here)).stdout, /small/)
})

test('a check tells what is wrong with the form and the conditions of all rules at once, each at its line', async () => {
  const place = join(folder, 'checked')
  mkdirSync(join(place, 'rules'), { recursive: true })
  const write = (name: string, text: string) => writeFileSync(join(place, name), text)
  write('lists.yaml', '- { name: odd, of: country, effect: none }\n- { name: bad, of: contry, effect: deny }\n')
  write(
    'rules.yaml',
    `- id: one
  when: card_cuont_1h > 8
  then: block
- id: two
  condition: amount > 5
  then: review
  state: active
- id: three
  when: |
    country in lists.odd &&
      score > 20
  then: review
`,
  )
  write('rules/three.yaml', 'id: three\nwhen: amount > "much"\nthen: tag\n')
  const checked = await runShrike('rules', 'check', place, '--data', data, '--bundle', bundle)
  assert.equal(checked.code, 1)
  const lines = checked.stdout.replaceAll(`${place}/`, '').trim().split('\n')
  assert.deepEqual(lines, [
    'rules.yaml:3: one, then: it must be "approve", "challenge", "review", "decline" or "tag"; "block" is written decline here, and a list with effect: block declines the values that are on it',
    'rules.yaml:2: one, when, line 1, column 1: The name "card_cuont_1h" is unknown; did you mean card_count_1h?',
    'rules.yaml:4: two, when: it is missing',
    'rules.yaml:7: two, state: it must be "draft", "shadow", "live" or "off"; "active" is written live here',
    'rules.yaml:4: two, rule: it has no "condition"; did you mean when?',
    'rules.yaml:8: three: fine',
    'lists.yaml:2: bad, effect: it must be "block", "allow", "watch" or "none"; "deny" is written block here',
    'rules/three.yaml:1: three, tags: a rule that only tags needs at least one tag',
    "rules/three.yaml:2: three, when, line 1, column 1: A value of type double can't be compared with a string; convert one, by double(…) or string(…)",
    'rules/three.yaml:1: three, id: another rule of this name is at rules.yaml:8',
  ])
  assert.match(
    checked.stderr,
    /rules\.yaml:11: three, when, line 2, column 3: score is from 0 to 1, so this is never true/,
  )
  rmSync(join(place, 'rules'), { recursive: true })
  write('rules.yaml', '- { id: three, when: country in lists.odd, then: review }\n')
  write('lists.yaml', '- { name: odd, of: country, effect: none }\n')
  const fine = await runShrike('rules', 'check', place, '--data', data, '--bundle', bundle)
  assert.deepEqual([fine.code, fine.stdout], [0, `${place}/rules.yaml:1: three: fine\n`])
})
