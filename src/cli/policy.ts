import { Command } from 'commander'
import type { ForceRequest } from '../training/replace-output.ts'
import * as flags from './flags.ts'
import type { SinkFlags } from './label-sink.ts'
import { optimiseCommand } from './optimise.ts'
import { type CommonFlags, run } from './run.ts'
import { withServiceFlags } from './service-flags.ts'

/** `shrike policy`. */
export function policyCommand(): Command {
  const command = new Command('policy')
    .summary('what follows from a score: keep it in files, change it, find its thresholds')
    .description(
      'Works on the policy of the service on the data directory, over HTTP, or of the one at --url; where none is running, ' +
        'on the directory itself. `optimise` finds the thresholds, or the price of review capacity, that are expected to cost least.',
    )
    .addHelpText(
      'after',
      `
Examples:
  shrike policy pull policy
  shrike policy apply policy --why "card testing since Friday"
  shrike policy optimise shrike-model.safetensors next-month.csv --policy policy.yaml`,
    )
  for (const part of [pullCommand(), diffCommand(), applyCommand(), showCommand(), versionsCommand()])
    command.addCommand(part)
  for (const part of [rollbackCommand(), resetFuseCommand(), optimiseCommand()]) command.addCommand(part)
  return command
}

const work = () => import('./policy-work.ts')
const whyFlag = ['--why <text>', 'the reason, which is recorded'] as const

function pullCommand(): Command {
  const command = new Command('pull')
    .summary('write what is in force into a directory')
    .description(
      'Writes policy.yaml, rules.yaml and lists.yaml (without entries) into DIR. A file that says the same already is left as it is.',
    )
    .argument('<directory>', 'such as policy, kept in git')
    .option('--force', 'replace files that are there; else they are kept under numbered names')
  return withServiceFlags(
    command,
    'viewer',
    `Examples:
  shrike policy pull policy
  shrike policy pull policy --force --url https://shrike.example`,
  ).action((directory: string, options: SinkFlags & ForceRequest & CommonFlags) =>
    run(options, async (context) => (await work()).pull(directory, options, context)),
  )
}

function diffCommand(): Command {
  const command = new Command('diff')
    .summary('what a directory would change')
    .description('Tells in words what applying DIR would change.')
    .argument('<directory>', 'with policy.yaml, rules.yaml or rules/, lists.yaml')
    .option('--exit-code', 'exit with 1 where something is different')
  return withServiceFlags(
    command,
    'viewer',
    `Examples:
  shrike policy diff policy
  shrike policy diff policy --exit-code --json`,
  ).action((directory: string, options: SinkFlags & CommonFlags) =>
    run(options, async (context) => (await work()).diff(directory, options, context)),
  )
}

function applyCommand(): Command {
  const command = new Command('apply')
    .summary('put what a directory says in force')
    .description(
      'Makes what is in force what DIR says, in one change that counts as a whole or not at all. What DIR has no file for stays ' +
        'as it is; rules and lists that its files no longer have are removed.',
    )
    .argument('<directory>', 'with policy.yaml, rules.yaml or rules/, lists.yaml')
    .option(...whyFlag)
    .option('--dry-run', 'only tell what would change, and all for which it would be refused')
    .option('--if-version <number>', 'refuse where another version is in force', flags.wholeNumber(0))
  return withServiceFlags(
    command,
    'author',
    `Examples:
  shrike policy apply policy --why "card testing since Friday"
  shrike policy apply policy --dry-run
  SHRIKE_API_KEY=... shrike policy apply policy --url https://shrike.example --if-version 1204`,
  ).action((directory: string, options: SinkFlags & CommonFlags) =>
    run(options, async (context) => (await work()).apply(directory, options, context)),
  )
}

function showCommand(): Command {
  const command = new Command('show')
    .summary('what is in force')
    .description(
      'Prints the policy in force as YAML. Rules and lists have their own commands; --json has them as well.',
    )
  return withServiceFlags(
    command,
    'viewer',
    `Examples:
  shrike policy show
  shrike policy show --json | jq '.rules[].id'`,
  ).action((options: SinkFlags & CommonFlags) => run(options, async (context) => (await work()).show(options, context)))
}

function versionsCommand(): Command {
  const command = new Command('versions')
    .summary('who changed what, when and why')
    .description('Lists the versions of the policy, the newest last, with what each changed.')
  return withServiceFlags(
    command,
    'viewer',
    `Examples:
  shrike policy versions
  shrike policy versions --json`,
  ).action((options: SinkFlags & CommonFlags) =>
    run(options, async (context) => (await work()).versions(options, context)),
  )
}

function rollbackCommand(): Command {
  const command = new Command('rollback')
    .summary('an earlier version again')
    .description(
      'Makes policy, rules and lists what they were in VERSION; entries of lists stay. The way there is a new version.',
    )
    .argument('<version>', 'as `shrike policy versions` lists them', flags.wholeNumber(0))
    .option(...whyFlag)
  return withServiceFlags(
    command,
    'author',
    `Examples:
  shrike policy rollback 1187 --why "declines doubled"`,
  ).action((version: number, options: SinkFlags & CommonFlags) =>
    run(options, async (context) => (await work()).rollback(version, options, context)),
  )
}

function resetFuseCommand(): Command {
  const command = new Command('reset-fuse')
    .summary('put a fuse back that has tripped')
    .description('Puts a fuse back; it counts again from then on.')
    .argument('<id>', 'an outcome, such as decline, or rule:ID')
    .option(...whyFlag)
  return withServiceFlags(
    command,
    'author',
    `Examples:
  shrike policy reset-fuse decline --why "the sale is over"
  shrike policy reset-fuse rule:card-testing`,
  ).action((id: string, options: SinkFlags & CommonFlags) =>
    run(options, async (context) => (await work()).resetFuse(id, options, context)),
  )
}
