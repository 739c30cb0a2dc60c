import { Command, CommanderError } from 'commander'
import { unwritable } from '../data/write-file.ts'
import { report } from './run.ts'
import { version } from './version.ts'

/** The commands by name, in the order of help. Only the one in use is loaded: a service loads no learner. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  train: async () => (await import('./train.ts')).trainCommand(),
  tune: async () => (await import('./tune.ts')).tuneCommand(),
  evaluate: async () => (await import('./evaluate.ts')).evaluateCommand(),
  features: async () => (await import('./features.ts')).featuresCommand(),
  import: async () => (await import('./import.ts')).importCommand(),
  init: async () => (await import('./init.ts')).initCommand(),
  explain: async () => (await import('./explain.ts')).explainCommand(),
  score: async () => (await import('./score.ts')).scoreCommand(),
  serve: async () => (await import('./serve.ts')).serveCommand(),
  stream: async () => (await import('./stream.ts')).streamCommand(),
  keys: async () => (await import('./keys.ts')).keysCommand(),
  audit: async () => (await import('./audit.ts')).auditCommand(),
  users: async () => (await import('./users.ts')).usersCommand(),
  job: async () => (await import('./job.ts')).jobCommand(),
  policy: async () => (await import('./policy.ts')).policyCommand(),
  rules: async () => (await import('./rules.ts')).rulesCommand(),
  cases: async () => (await import('./cases.ts')).casesCommand(),
  monitor: async () => (await import('./monitor.ts')).monitorCommand(),
  webhooks: async () => (await import('./webhooks.ts')).webhooksCommand(),
  backtest: async () => (await import('./backtest.ts')).backtestCommand(),
  lists: async () => (await import('./lists.ts')).listsCommand(),
  models: async () => (await import('./models.ts')).modelsCommand(),
  retrain: async () => (await import('./retrain.ts')).retrainCommand(),
  simulate: async () => (await import('./simulate.ts')).simulateCommand(),
  demo: async () => (await import('./demo.ts')).demoCommand(),
  replay: async () => (await import('./replay.ts')).replayCommand(),
  label: async () => (await import('./label.ts')).labelCommand(),
  log: async () => (await import('./log.ts')).logCommand(),
  migrate: async () => (await import('./migrate.ts')).migrateCommand(),
  backup: async () => (await import('./backup.ts')).backupCommand(),
  erase: async () => (await import('./erase.ts')).eraseCommand(),
  cluster: async () => (await import('./cluster.ts')).clusterCommand(),
  snapshot: async () => (await import('./snapshot.ts')).snapshotCommand(),
}

/** Runs one command line. The exit code is 0, 1 (failed) or 2 (wrong usage). */
export async function main(args: readonly string[]): Promise<void> {
  // A reader that has seen enough, as `head` or `grep -q` has, is no failure, and what is under way comes to its end.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.exit(report(unwritable(error, 'Standard output')))
  })
  process.stderr.on('error', () => {})
  const program = await createProgram(args[0])
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}

/**
 * The command that is asked for, or every command where none has that name; the work behind one is loaded later still.
 */
export async function createProgram(asked = ''): Promise<Command> {
  const program = new Command('shrike')
    .description('Real-time card-fraud detection: train on labelled transactions, evaluate honestly, serve.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(add --help for the options)')
    .hook('preAction', (_, command) => findData(command))
  const loads = Object.hasOwn(commands, asked) ? [commands[asked]] : Object.values(commands)
  for (const command of await Promise.all(loads.map((load) => load()))) {
    program.addCommand(command.exitOverride().copyInheritedSettings(program))
    for (const part of command.commands) part.copyInheritedSettings(command)
  }
  return program
}

/** Where `--data` names a database, a copy on this machine takes its place; without one nothing of this is loaded. */
async function findData(command: Command): Promise<void> {
  const { data } = command.opts()
  if (!/^postgres(ql)?:/.test(String(data))) return
  const { locateData, shareData } = await import('./data-location.ts')
  await locateData(command)
  command.hook('postAction', () => shareData(command))
}
