import { Command, CommanderError } from 'commander'
import { demoCommand } from './demo.ts'
import { evaluateCommand } from './evaluate.ts'
import { featuresCommand } from './features.ts'
import { scoreCommand } from './score.ts'
import { serveCommand } from './serve.ts'
import { simulateCommand } from './simulate.ts'
import { trainCommand } from './train.ts'
import { version } from './version.ts'

/** Runs one command line. The exit code is 0, 1 (failed) or 2 (wrong usage). */
export async function main(args: readonly string[]): Promise<void> {
  const program = new Command('shrike')
    .description('Real-time card-fraud detection: train on labelled transactions, evaluate honestly, serve.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(add --help for the options)')
  for (const command of [
    trainCommand(),
    evaluateCommand(),
    featuresCommand(),
    scoreCommand(),
    serveCommand(),
    simulateCommand(),
    demoCommand(),
  ]) {
    program.addCommand(command.exitOverride().copyInheritedSettings(program))
  }
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}
