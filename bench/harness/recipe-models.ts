import { existsSync } from 'node:fs'
import { run } from './child.ts'
import { benchFile, cacheFolder } from './peers.ts'
import { type Parts, shrikeScript } from './tables.ts'

/** Where scikit-learn's side of the recipe is kept: its name says what it was trained on. */
export function recipeFolder(parts: Parts): string {
  return `${cacheFolder}recipe-${parts.name}`
}

/** The recipe's scaler and forest by scikit-learn, trained now where the training benchmark has not left them. */
export async function recipeModel(parts: Parts, python: string, log: (line: string) => void): Promise<string> {
  const folder = recipeFolder(parts)
  if (!existsSync(`${folder}/model.joblib`)) {
    log('training the recipe in scikit-learn, which is kept for the next time')
    await run(python, [benchFile('peers/train_recipe.py'), parts.train, parts.test, '--save', folder])
  }
  return folder
}

/** Our side of the recipe, trained on the same rows by the command that a user types. */
export async function shrikeBundle(parts: Parts, log: (line: string) => void, script = shrikeScript): Promise<string> {
  log('training the recipe in Shrike')
  const bundle = `${cacheFolder}${parts.name}.safetensors`
  const recipe = ['--preset', 'recipe', '--test-from', String(parts.testFromSeconds), ...parts.flags]
  await run(process.execPath, [script, 'train', parts.csv, ...recipe, '--out', bundle])
  return bundle
}
