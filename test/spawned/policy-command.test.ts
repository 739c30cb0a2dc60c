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
    [checked.code, /^small, when, line 2, column 3: .*hour/.test(checked.stdout)],
    [1, true],
    checked.stdout,
  )
  const refused = await rules('add', one)
  assert.match(refused.stderr, /INPUT_INVALID: .*\n {2}rules.small.when, line 2, column 3: /)
  writeFileSync(one, readFileSync(one, 'utf8').replace('hours', 'hour'))
  assert.equal((await rules('check', one)).stdout, 'small: fine\n')
  assert.match((await rules('add', one)).stdout, /^version \d+ is in force in the service on http/)
  assert.equal((await rules('state', 'small', 'live', '--why', 'tried')).code, 0)
  const until = ['--until', '2090-01-01T00:00:00Z']
  assert.equal((await rules('snooze', 'small', '--of', 'country', '--value', 'DE', ...until)).code, 0)
  assert.match((await rules('list')).stdout, /^small {2}live {2}review {2}amount < 2.0 && hour < 5$/m)
  await service.stop()

  const here = ['--bundle', bundle]
  assert.match((await rules('show', 'small', ...here)).stdout, /^id: small\n/)
  assert.match((await rules('show', 'smal', ...here)).stderr, /OPTION_INVALID: There is no rule smal\n.*rules list/)
  assert.equal((await rules('check', one, ...here)).stdout, 'small: fine\n')
  assert.equal((await rules('remove', 'small', ...here)).code, 0)
  assert.doesNotMatch((await rules('list', ...here)).stdout, /small/)
})
