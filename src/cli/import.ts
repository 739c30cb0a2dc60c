import { Command } from 'commander'
import * as flags from './flags.ts'
import type { ImportFlags } from './import-work.ts'
import { type CommonFlags, run } from './run.ts'

/** `shrike import FILE`. */
export function importCommand(): Command {
  return new Command('import')
    .summary('make a bundle of a model that XGBoost, LightGBM or scikit-learn trained')
    .description(
      "Turns a model of another library into a bundle that is served, evaluated and explained like one of Shrike's own: " +
        'XGBoost saved as JSON, LightGBM saved as text, scikit-learn and others as ONNX. ONNX tells too little to explain an answer.',
    )
    .argument('<file>', 'the model')
    .requiredOption('--detector <yaml>', "the detector file, whose features are the model's inputs")
    .option('--out <bundle>', 'the bundle to write', 'shrike-model.safetensors')
    .option('--threshold <probability>', 'predict fraud from this probability on (default: 0.5)', flags.share)
    .option('--all-trees', 'take the trees after the round that early stopping found best, too (XGBoost)')
    .option(
      '--category-numbers',
      "take the detector's numbers for categories, or those that rows have, for the library's own where nothing tells",
    )
    .option('--force', 'replace a file that is there; else it is kept under a numbered name')
    .option('--json', 'print the result as JSON on standard output')
    .addHelpText(
      'after',
      `
Examples:
  shrike import model.json --detector detectors/handbook.yaml --out model.safetensors
  shrike import model.txt --detector detectors/handbook.yaml --threshold 0.2
  shrike import model.onnx --detector detectors/handbook.yaml`,
    )
    .action((file: string, options: ImportFlags & CommonFlags) =>
      run(options, async (context) => (await import('./import-work.ts')).importModel(file, options, context)),
    )
}
