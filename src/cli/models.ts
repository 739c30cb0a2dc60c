import { Command, Option } from 'commander'
import * as flags from './flags.ts'
import type { SinkFlags } from './label-sink.ts'
import { compareCommand } from './models-compare.ts'
import type { AddFlags, DeployFlags, RemoveFlags, RollbackFlags } from './models-work.ts'
import { type CommonFlags, run } from './run.ts'
import { withServiceFlags } from './service-flags.ts'

const work = () => import('./models-work.ts')
type Flags = SinkFlags & CommonFlags

/** `shrike models`. */
export function modelsCommand(): Command {
  const command = new Command('models')
    .summary('models: add them, deploy them, go back')
    .description(
      'Works on the models of the service on the data directory, over HTTP, or of the one at --url; where none is running, ' +
        'on the directory itself.',
    )
    .addHelpText(
      'after',
      `
Examples:
  shrike models add next.safetensors --why "three more months of labels"
  shrike models deploy cards@9f2c41d07ab3 --champion --dry-run
  shrike models deploy cards@9f2c41d07ab3 --champion --why "finds a tenth more"`,
    )
  const parts = [
    ...readingCommands(),
    compareCommand(),
    addCommand(),
    removeCommand(),
    deployCommand(),
    rollbackCommand(),
  ]
  for (const part of parts) command.addCommand(part)
  return command
}

function readingCommands(): readonly Command[] {
  const list = withServiceFlags(
    new Command('list').summary('all models').description('Lists the models with the role of each.'),
    'viewer',
    'Examples:\n  shrike models list --json',
  ).action((options: Flags) => run(options, async (context) => (await work()).listModels(options, context)))
  const show = withServiceFlags(
    new Command('show')
      .summary('one model')
      .description('Prints what is known of a model: where it comes from, its figures, its role.')
      .argument('<id>'),
    'viewer',
    'Examples:\n  shrike models show cards@9f2c41d07ab3',
  ).action((id: string, options: Flags) =>
    run(options, async (context) => (await work()).showModel(id, options, context)),
  )
  const versions = withServiceFlags(
    new Command('versions')
      .summary('every deployment, newest first')
      .description('Lists who deployed what, when and why.'),
    'viewer',
    'Examples:\n  shrike models versions',
  ).action((options: Flags) => run(options, async (context) => (await work()).listVersions(options, context)))
  return [list, show, versions]
}

function changing(command: Command, role: string, examples: string): Command {
  command.option('--why <text>', 'the reason, which is recorded')
  command.addOption(new Option('--reason <text>', 'as --why').hideHelp())
  return withServiceFlags(command, role, `Examples:\n${examples}`)
}

function ifVersion(command: Command): Command {
  return command.option('--if-version <number>', 'refuse where another version is in force', flags.wholeNumber(0))
}

function addCommand(): Command {
  return changing(
    new Command('add')
      .summary('add a bundle, which has no role yet')
      .description('Keeps a bundle under its id; the same bytes again change nothing.')
      .argument('<file>', 'a trained bundle')
      .option('--parent <id>', 'the model that it is meant to follow'),
    'author',
    '  shrike models add next.safetensors --parent cards@9f2c41d07ab3',
  ).action((file: string, options: Flags & AddFlags) =>
    run(options, async (context) => (await work()).addModel(file, options, context)),
  )
}

function removeCommand(): Command {
  const command = new Command('remove')
    .summary('remove a model that has no role')
    .description('Removes the file of a model; refused while it has a role, or a decision that is kept names it.')
    .argument('<id>')
    .option('--forget', 'although decisions name it: they can not be explained again')
  return changing(ifVersion(command), 'admin', '  shrike models remove cards@9f2c41d07ab3').action(
    (id: string, options: Flags & RemoveFlags) =>
      run(options, async (context) => (await work()).removeModel(id, options, context)),
  )
}

function deployCommand(): Command {
  const command = new Command('deploy')
    .summary('give a model a role')
    .description(
      'Makes a model champion, canary or shadow, or retires it. A champion decides once its histories are made of the ' +
        'log; the one before does until then.',
    )
    .argument('<id>')
    .option('--champion', 'it decides')
    .option('--canary <share>', 'it decides a share, such as 5%', flags.asFlag(percent))
    .option('--by <key>', 'with --canary: the key by which transactions are divided, such as customer')
    .option('--guard <yaml>', 'with --canary: a file with the limits of its guard')
    .option('--shadow', 'it scores, and decides nothing')
    .option('--retired', 'it does nothing any more')
    .option('--dry-run', 'only tell what would happen')
  return changing(
    ifVersion(command),
    'author',
    '  shrike models deploy cards@9f2c41d07ab3 --champion --why "finds a tenth more"',
  ).action((id: string, options: Flags & DeployFlags) =>
    run(options, async (context) => (await work()).deployModel(id, options, context)),
  )
}

function rollbackCommand(): Command {
  const command = new Command('rollback')
    .summary('go back to the models of an earlier version')
    .description('Puts those in force again who were in a version.')
    .argument('[version]', 'as `models versions` lists them (default: the one before)', flags.wholeNumber(0))
  return changing(ifVersion(command), 'author', '  shrike models rollback --why "too many declines"').action(
    (version: number | undefined, options: Flags & RollbackFlags) =>
      run(options, async (context) => (await work()).rollbackModels(version, options, context)),
  )
}

/** 5% or 0.05. */
export function percent(text: string): number {
  const value = /^\d+(\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) / 100 : text
  return flags.share(String(value))
}
