import { Command, Option } from 'commander'
import { verdicts } from '../cases/case.ts'
import { caseFilters, caseSorts } from '../cases/list-cases.ts'
import type { ActFlags, ListFlags } from './cases-work.ts'
import type { SinkFlags } from './label-sink.ts'
import { type CommonFlags, run } from './run.ts'
import { withServiceFlags } from './service-flags.ts'

const work = () => import('./cases-work.ts')
type Flags = SinkFlags & CommonFlags

/** `shrike cases`. */
export function casesCommand(): Command {
  const command = new Command('cases')
    .summary('what asks for a review: the queue, verdicts, notes, figures')
    .description(
      'Works on the cases of the service on the data directory, over HTTP, or of the one at --url; where none is running, on ' +
        'the directory itself, as command:cases.',
    )
    .addHelpText(
      'after',
      `
Examples:
  shrike cases list
  shrike cases next
  shrike cases verdict c-1042 fraud --code stolen-card --note "the customer called"`,
    )
  for (const part of [...readingCommands(), ...actingCommands(), ...handingCommands()]) command.addCommand(part)
  return command
}

function readingCommands(): readonly Command[] {
  const list = withServiceFlags(
    new Command('list')
      .summary('cases, those with the most at stake first')
      .description('Lists cases: those that are not closed, in the order of the queue, by default.')
      .addOption(new Option('--state <state>', 'which of them').choices(caseFilters))
      .addOption(new Option('--sort <order>', 'in which order').choices(caseSorts))
      .option('--assignee <name>', "somebody's, such as user:ann, or none")
      .option('--overdue', 'those that somebody should have looked at by now')
      .option('--limit <n>', 'how many; 50 by default'),
    'viewer',
    'Examples:\n  shrike cases list --state closed --json\n  shrike cases list --overdue',
  ).action((options: ListFlags & CommonFlags) =>
    run(options, async (context) => (await work()).listCasesOf(options, context)),
  )
  const show = onCase('show', 'one case with everything', 'viewer').action((id: string, options: Flags) =>
    run(options, async (context) => (await work()).showCase(id, options, context)),
  )
  const figures = withServiceFlags(
    new Command('figures')
      .summary('how much there is, how fast it is worked, and how often people agree')
      .description('Prints figures of cases, of the last seven days by default.')
      .option('--from <time>', 'since when, as an ISO 8601 time'),
    'viewer',
    'Examples:\n  shrike cases figures --from 2026-11-01T00:00:00Z --json',
  ).action((options: Flags & { readonly from?: string }) =>
    run(options, async (context) => (await work()).showFigures(options, context)),
  )
  return [list, show, figures]
}

function actingCommands(): readonly Command[] {
  const next = withServiceFlags(
    new Command('next')
      .summary('claim the case with the most at stake that nobody has')
      .description('Claims a case for 30 minutes and prints it.'),
    'analyst',
    'Examples:\n  shrike cases next --json',
  ).action((options: Flags) => run(options, async (context) => (await work()).claimNext(options, context)))
  const plain = (['claim', 'release', 'undo'] as const).map((action) =>
    acting(action, summaries[action], (id, options) => ({ id, action, body: noteOf(options) })),
  )
  const verdict = withServiceFlags(
    new Command('verdict')
      .summary('say what a case is')
      .description('fraud and legitimate become labels of its transactions, with the source analyst:NAME.')
      .argument('<id>', 'of the case')
      .argument('<verdict>', verdicts.join(', '))
      .option('--code <code>', 'what kind of it, as the detector lists them')
      .option('--note <text>', 'a note, without card numbers')
      .option('--transactions <ids...>', 'of these transactions; of all that are open by default'),
    'analyst',
    'Examples:\n  shrike cases verdict c-1042 fraud --code stolen-card',
  ).action((id: string, said: string, options: ActFlags & CommonFlags) => {
    const { code, transactions } = options
    const body = { verdict: said, ...noteOf(options), ...(code && { code }), ...(transactions && { transactions }) }
    return run(options, async (context) => (await work()).act({ id, action: 'verdict', body }, options, context))
  })
  return [next, ...plain, verdict]
}

const summaries = {
  claim: 'have a case to yourself for 30 minutes',
  release: 'give a case back',
  undo: 'take the last verdict on a case back',
} as const

function handingCommands(): readonly Command[] {
  const open = withServiceFlags(
    new Command('open')
      .summary('open a case by hand')
      .description('Opens a case for decisions, or adds them to the open one of their card.')
      .argument('<transactions...>', 'ids of decisions')
      .option('--note <text>', 'a note, without card numbers'),
    'analyst',
    'Examples:\n  shrike cases open t-17 t-18 --note "a friend of theirs"',
  ).action((transactions: string[], options: ActFlags & CommonFlags) =>
    run(options, async (context) => {
      const body = { transactions, ...noteOf(options) }
      await (await work()).act({ action: 'open', body }, options, context)
    }),
  )
  return [
    open,
    withArgument('note', 'write a note', '<text>', (text) => ({ action: 'notes', body: { text } })),
    withArgument('snooze', 'put a case off until a time', '<until>', (until) => ({
      action: 'snooze',
      body: { until },
    })),
    withArgument('assign', 'give a case to somebody, or to none', '<name>', (to) => ({
      action: 'assign',
      body: { to: to === 'none' ? null : to },
    })),
    withArgument('escalate', 'hand a case on', '[name]', (to) => ({ action: 'escalate', body: to ? { to } : {} })),
    withArgument('link', 'link a case with another', '<other>', (other) => ({ action: 'link', body: { with: other } })),
    withArgument('merge', 'move a case into another', '<other>', (into) => ({ action: 'merge', body: { into } })),
  ]
}

function onCase(name: string, summary: string, role: string): Command {
  const command = new Command(name).summary(summary).description(`${summary[0].toUpperCase()}${summary.slice(1)}.`)
  return withServiceFlags(command.argument('<id>', 'of the case'), role, `Examples:\n  shrike cases ${name} c-1042`)
}

type MakeAction = (id: string, flags: ActFlags) => { id: string; action: string; body: object }

function acting(name: string, summary: string, make: MakeAction): Command {
  const command = onCase(name, summary, 'analyst')
  if (name === 'undo') command.option('--note <text>', 'a note, without card numbers')
  return command.action((id: string, options: ActFlags & CommonFlags) =>
    run(options, async (context) => (await work()).act(make(id, options), options, context)),
  )
}

function withArgument(
  name: string,
  summary: string,
  argument: string,
  make: (given: string) => { readonly action: string; readonly body: object },
): Command {
  const command = onCase(name, summary, 'analyst').argument(argument)
  if (name !== 'note') command.option('--note <text>', 'a note, without card numbers')
  return command.action((id: string, given: string, options: ActFlags & CommonFlags) =>
    run(options, async (context) => {
      const { action, body } = make(given)
      await (await work()).act({ id, action, body: { ...body, ...noteOf(options) } }, options, context)
    }),
  )
}

function noteOf({ note }: ActFlags): { readonly note?: string } {
  return note === undefined ? {} : { note }
}
