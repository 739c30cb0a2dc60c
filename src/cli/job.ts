import { Command } from 'commander'
import { withDataFlags } from './data-flags.ts'
import type { DataFlags } from './log-files.ts'
import { type CommonFlags, run } from './run.ts'

type Flags = DataFlags & CommonFlags

/** `shrike job start | list | show | cancel | run`. */
export function jobCommand(): Command {
  const command = new Command('job')
    .summary('trainings, imports, searches of a policy and backtests, each in a process of its own')
    .description(
      'Runs trainings, imports, searches of a policy and backtests at the lowest priority, one at a time, and keeps what became of them.',
    )
    .addHelpText('after', examples)
  command.addCommand(
    withFlags(
      new Command('start')
        .description('Runs a job when its turn comes and shows its progress; Ctrl-C cancels it.')
        .argument('<request>', 'a JSON file with the request, or - for standard input'),
    ).action((file: string, options: Flags) =>
      run(options, async (context) => (await import('./job-work.ts')).startJob(file, options, context)),
    ),
  )
  command.addCommand(
    withFlags(new Command('list').description('Lists the jobs, oldest first.')).action((options: Flags) =>
      run(options, async (context) => (await import('./job-work.ts')).listJobs(options, context)),
    ),
  )
  command.addCommand(
    withFlags(new Command('show').description('Shows a job and its messages.').argument('<id>', 'of the job')).action(
      (id: string, options: Flags) =>
        run(options, async (context) => (await import('./job-work.ts')).showJob(id, options, context)),
    ),
  )
  command.addCommand(
    withFlags(
      new Command('cancel').description('Cancels a job that has not ended.').argument('<id>', 'of the job'),
    ).action((id: string, options: Flags) =>
      run(options, async (context) => (await import('./job-work.ts')).cancel(id, options, context)),
    ),
  )
  command.addCommand(
    withFlags(
      new Command('run')
        .description('Does the work of a queued job; "job start" calls this itself.')
        .argument('<id>', 'of it'),
    ).action((id: string, options: Flags) =>
      run(options, async (context) => (await import('./run-job.ts')).runJob(id, options, context)),
    ),
  )
  return command
}

function withFlags(command: Command): Command {
  return withDataFlags(command, examples)
}

const examples = `
Examples:
  shrike job start request.json
  shrike job list --data /var/lib/shrike
  shrike job show 0d0c2a4e-7e2f-4b0e-9a3b-0f4a5a1c7a10
  shrike job cancel 0d0c2a4e-7e2f-4b0e-9a3b-0f4a5a1c7a10`
