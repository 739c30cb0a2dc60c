import { Command } from 'commander'
import type { InitFlags } from './cluster-work.ts'
import * as flags from './flags.ts'
import { run } from './run.ts'

/** `shrike cluster`. */
export function clusterCommand(): Command {
  return new Command('cluster')
    .summary('several processes that decide together, ordered by Kafka')
    .description('Prepares a cluster of replicas; each is started by `shrike serve --cluster`.')
    .addHelpText('after', '\nExamples:\n  shrike cluster init kafka://k1:9092,k2:9092/payments model.safetensors')
    .addCommand(initCommand())
}

function initCommand(): Command {
  return new Command('init')
    .summary('make the topics of a cluster')
    .description(
      'Makes the topics of a cluster and puts its first definition in force: the detector and the model of BUNDLE.',
    )
    .argument('<address>', 'kafka://BROKER:PORT,BROKER:PORT/NAME; topics are called NAME.home and so on')
    .argument('[bundle]', 'a trained bundle')
    .option('--detector <yaml>', 'in place of BUNDLE: decide without a model, by thresholds alone')
    .option('--partitions <number>', 'of each lane; fixed from then on', flags.wholeNumber(1, 4096), 256)
    .option('--replication <number>', 'brokers that keep each entry', flags.wholeNumber(1, 7), 3)
    .addHelpText(
      'after',
      '\nExamples:\n  shrike cluster init kafka://localhost:9092/test model.safetensors --partitions 8 --replication 1',
    )
    .action((address: string, bundle: string | undefined, options: InitFlags) =>
      run({}, async (context) => (await import('./cluster-work.ts')).init(address, bundle, options, context)),
    )
}
