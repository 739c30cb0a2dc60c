import { existsSync } from 'node:fs'
import { dataDirectory } from '../stores/data-directory.ts'
import { openModelFiles } from '../stores/model-files.ts'

/** Where a bundle is that is named by its path, or by its id where the data directory keeps it. */
export function modelPath(model: string, data: string): string {
  if (existsSync(model)) return model
  const models = openModelFiles(dataDirectory(data))
  return models.has(model) ? models.pathOf(model) : model
}
