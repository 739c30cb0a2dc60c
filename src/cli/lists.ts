import { Command } from 'commander'
import type { SinkFlags } from './label-sink.ts'
import { type CommonFlags, run } from './run.ts'
import { withServiceFlags } from './service-flags.ts'

const work = () => import('./lists-work.ts')
type Flags = SinkFlags & CommonFlags

/** `shrike lists`. */
export function listsCommand(): Command {
  const command = new Command('lists')
    .summary('lists of values that block, allow or watch: define them, add and take values')
    .description(
      'Works on the lists of the service on the data directory, over HTTP, or of the one at --url; where none is running, on ' +
        'the directory itself.',
    )
    .addHelpText(
      'after',
      `
Examples:
  shrike lists set stolen.yaml --why "cards from the fair"
  shrike lists add stolen cards.csv`,
    )
  for (const part of [...readingCommands(), ...definingCommands(), ...entryCommands()]) command.addCommand(part)
  return command
}

function readingCommands(): readonly Command[] {
  const list = withServiceFlags(
    new Command('list').summary('all lists').description('Lists the lists with key and effect.'),
    'viewer',
    'Examples:\n  shrike lists list --json',
  ).action((options: Flags) => run(options, async (context) => (await work()).showLists(options, context)))
  const show = withServiceFlags(
    new Command('show')
      .summary('the definition of one list')
      .description('Prints the definition of a list as YAML.')
      .argument('<name>'),
    'viewer',
    'Examples:\n  shrike lists show stolen > stolen.yaml',
  ).action((name: string, options: Flags) =>
    run(options, async (context) => (await work()).showList(name, options, context)),
  )
  const exported = withServiceFlags(
    new Command('export')
      .summary('the entries of a list')
      .description('Prints the entries of a list as CSV, as `lists add` reads it; persons by their tokens.')
      .argument('<name>'),
    'viewer',
    'Examples:\n  shrike lists export stolen > stolen.csv',
  ).action((name: string, options: Flags) =>
    run(options, async (context) => (await work()).exportEntries(name, options, context)),
  )
  return [list, show, exported]
}

function changing(command: Command, examples: string): Command {
  command.option('--why <text>', 'the reason, which is recorded')
  return withServiceFlags(command, 'author', `Examples:\n${examples}`)
}

function definingCommands(): readonly Command[] {
  const set = changing(
    new Command('set')
      .summary('add or change lists')
      .description(
        'Adds the lists of a file, or one of the key at --of, or changes those of their names, all or none; entries stay.',
      )
      .argument('<file-or-name>', 'a list of { name, of, effect, note }, in YAML or JSON; with --of, the name of one')
      .option('--of <name>', 'the key or the field whose values it holds')
      .option('--effect <effect>', 'block, allow, watch, or none: rules alone ask it (default: none)'),
    '  shrike lists set lists.yaml\n  shrike lists set stolen_devices --of device --effect block',
  ).action((name: string, options: Flags & { of?: string; effect?: string }) =>
    run(options, async (context) => (await work()).setLists(name, options, context)),
  )
  const remove = changing(
    new Command('remove')
      .summary('remove a list and its entries')
      .description('Removes a list and its entries; refused while a rule asks it.')
      .argument('<name>'),
    '  shrike lists remove stolen',
  ).action((name: string, options: Flags) =>
    run(options, async (context) => (await work()).removeList(name, options, context)),
  )
  return [set, remove]
}

function entryCommands(): readonly Command[] {
  const add = changing(
    new Command('add')
      .summary('add the values of a file to a list')
      .description('Adds the entries of FILE; one whose value is there already takes its place.')
      .argument('<name>')
      .argument('<file>', 'with a column value, and expires_at, source and note where wanted')
      .option('--mirror', 'take off what was on the list and is not in FILE, so that FILE is the list'),
    '  shrike lists add stolen cards.csv --why "reported today"\n  shrike lists add stolen cards.csv --mirror',
  ).action((name: string, file: string, options: Flags & { mirror?: boolean }) =>
    run(options, async (context) => (await work()).addEntries(name, file, options, context)),
  )
  const take = changing(
    new Command('take')
      .summary('take values off a list')
      .description('Takes values off a list; one that is not on it changes nothing, and is warned of.')
      .argument('<name>')
      .argument('<values...>'),
    '  shrike lists take stolen k-0000157 k-0000158',
  ).action((name: string, values: string[], options: Flags) =>
    run(options, async (context) => (await work()).takeValues(name, values, options, context)),
  )
  return [add, take]
}
