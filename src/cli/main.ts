import { Command, CommanderError } from 'commander'
import { unwritable } from '../data/write-file.ts'
import { backupCommand } from './backup.ts'
import { demoCommand } from './demo.ts'
import { eraseCommand } from './erase.ts'
import { evaluateCommand } from './evaluate.ts'
import { explainCommand } from './explain.ts'
import { featuresCommand } from './features.ts'
import { importCommand } from './import.ts'
import { initCommand } from './init.ts'
import { jobCommand } from './job.ts'
import { keysCommand } from './keys.ts'
import { labelCommand } from './label.ts'
import { logCommand } from './log.ts'
import { replayCommand } from './replay.ts'
import { report } from './run.ts'
import { scoreCommand } from './score.ts'
import { serveCommand } from './serve.ts'
import { simulateCommand } from './simulate.ts'
import { snapshotCommand } from './snapshot.ts'
import { trainCommand } from './train.ts'
import { tuneCommand } from './tune.ts'
import { version } from './version.ts'

/** Runs one command line. The exit code is 0, 1 (failed) or 2 (wrong usage). */
export async function main(args: readonly string[]): Promise<void> {
  // A reader that has seen enough, as `head` has, is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? undefined : report(unwritable(error, 'Standard output')))
  })
  const program = createProgram()
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}

/** Every command with its flags; the work behind one is loaded when it is asked for. */
export function createProgram(): Command {
  const program = new Command('shrike')
    .description('Real-time card-fraud detection: train on labelled transactions, evaluate honestly, serve.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(add --help for the options)')
  for (const command of [
    trainCommand(),
    tuneCommand(),
    evaluateCommand(),
    featuresCommand(),
    importCommand(),
    initCommand(),
    explainCommand(),
    scoreCommand(),
    serveCommand(),
    keysCommand(),
    jobCommand(),
    simulateCommand(),
    demoCommand(),
    replayCommand(),
    labelCommand(),
    logCommand(),
    backupCommand(),
    eraseCommand(),
    snapshotCommand(),
  ]) {
    program.addCommand(command.exitOverride().copyInheritedSettings(program))
    for (const part of command.commands) part.copyInheritedSettings(command)
  }
  return program
}
