import { Command } from 'commander'
import type { SinkFlags } from './label-sink.ts'
import { type CommonFlags, run } from './run.ts'
import { withServiceFlags } from './service-flags.ts'

const work = () => import('./rules-work.ts')
type Flags = SinkFlags & CommonFlags

/** `shrike rules`. */
export function rulesCommand(): Command {
  const command = new Command('rules')
    .summary('rules: look at them, write, switch, snooze and remove them')
    .description(
      'Works on the rules of the service on the data directory, over HTTP, or of the one at --url; where none is running, on ' +
        'the directory itself.',
    )
    .addHelpText(
      'after',
      `
Examples:
  shrike rules add card-testing.yaml --why "since Friday"
  shrike rules state card-testing live`,
    )
  for (const part of [...readingCommands(), ...changingCommands(), snoozeCommand()]) command.addCommand(part)
  return command
}

function readingCommands(): readonly Command[] {
  const list = withServiceFlags(
    new Command('list').summary('all rules').description('Lists the rules with state, outcome and condition.'),
    'viewer',
    'Examples:\n  shrike rules list --json',
  ).action((options: Flags) => run(options, async (context) => (await work()).listRules(options, context)))
  const show = withServiceFlags(
    new Command('show').summary('one rule').description('Prints a rule as YAML.').argument('<id>'),
    'viewer',
    'Examples:\n  shrike rules show card-testing > card-testing.yaml',
  ).action((id: string, options: Flags) =>
    run(options, async (context) => (await work()).showRule(id, options, context)),
  )
  const check = withServiceFlags(
    new Command('check')
      .summary('what is wrong with rules, which are not kept')
      .description(
        'Checks the form and the conditions of all rules at once against the detector in force, and the lists of the same ' +
          'directory; exits with 1 where something is wrong.',
      )
      .argument('<file>', 'a rule, or a list of them, in YAML or JSON; a directory of such files; - is standard input'),
    'viewer',
    'Examples:\n  shrike rules check card-testing.yaml\n  shrike rules check policy',
  ).action((file: string, options: Flags) =>
    run(options, async (context) => (await work()).checkRules(file, options, context)),
  )
  const figures = withServiceFlags(
    new Command('figures')
      .summary('what a rule did')
      .description('Tells of each version of a rule how often it fired, and what labels say of it, the newest first.')
      .argument('<id>'),
    'viewer',
    'Examples:\n  shrike rules figures card-testing',
  ).action((id: string, options: Flags) =>
    run(options, async (context) => (await work()).showFigures(id, options, context)),
  )
  const names = withServiceFlags(
    new Command('names')
      .summary('what a condition can speak of')
      .description('Lists every name that a condition can use, its type, where it comes from, and examples.'),
    'viewer',
    'Examples:\n  shrike rules names',
  ).action((options: Flags) => run(options, async (context) => (await work()).showNames(options, context)))
  return [list, show, names, check, figures]
}

function changing(command: Command, examples: string): Command {
  command.option('--why <text>', 'the reason, which is recorded')
  return withServiceFlags(command, 'author', `Examples:\n${examples}`)
}

function changingCommands(): readonly Command[] {
  const add = changing(
    new Command('add')
      .summary('add rules, or put them in the place of those with their ids')
      .description(
        'Adds the rules of FILE, all or none. A rule without a state is in shadow: seen at work, without effect.',
      )
      .argument('<file>', 'a rule, or a list of them, in YAML or JSON; - is standard input'),
    '  shrike rules add card-testing.yaml\n  shrike rules add - < rules.json',
  ).action((file: string, options: Flags) =>
    run(options, async (context) => (await work()).addRules(file, options, context)),
  )
  const state = changing(
    new Command('state')
      .summary('switch a rule: draft, shadow, live or off')
      .description('Switches a rule, from the next decision on.')
      .argument('<id>')
      .argument('<state>', 'draft, shadow, live or off'),
    '  shrike rules state card-testing live --why "a week in shadow without a false alarm"',
  ).action((id: string, given: string, options: Flags) =>
    run(options, async (context) => (await work()).switchRule(id, given, options, context)),
  )
  const remove = changing(
    new Command('remove')
      .summary('remove a rule and its snoozes')
      .description('Removes a rule and its snoozes.')
      .argument('<id>'),
    '  shrike rules remove card-testing',
  ).action((id: string, options: Flags) =>
    run(options, async (context) => (await work()).removeRule(id, options, context)),
  )
  return [add, state, remove]
}

function snoozeCommand(): Command {
  const command = new Command('snooze')
    .summary('keep a rule silent for one value of a key')
    .description('Keeps a rule silent for one value of a key or a field until a time.')
    .argument('<id>')
    .requiredOption('--of <name>', 'the key or the field, by the name that the detector has for it')
    .requiredOption('--value <value>', 'its value, as transactions have it')
    .requiredOption('--until <time>', 'such as 2026-03-01T00:00:00Z')
  return changing(
    command,
    '  shrike rules snooze card-testing --of merchant --value m-17 --until 2026-03-01T00:00:00Z',
  ).action((id: string, options: Flags & Parameters<Awaited<ReturnType<typeof work>>['snoozeRule']>[1]) =>
    run(options, async (context) => (await work()).snoozeRule(id, options, context)),
  )
}
