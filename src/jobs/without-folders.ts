import { existsSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, resolve, sep } from 'node:path'

/** Where a path begins: a folder's name may be the end of a longer one. */
const beginning = String.raw`(?<![\p{L}\p{N}._~/\\-])`

/** Takes where folders are out of all texts of what comes as JSON, so that paths begin inside of them. */
export function withoutFolders(folders: readonly string[]): <Value>(value: Value) => Value {
  const real = folders.flatMap((folder) => (existsSync(folder) ? [realpathSync(folder)] : []))
  const places = [...folders, ...real].filter((place) => isAbsolute(place) && dirname(place) !== place)
  if (places.length === 0) return (value) => value
  const texts = places.map((place) => JSON.stringify(resolve(place) + sep).slice(1, -1))
  const patterns = texts.map((text) => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`))
  const found = new RegExp(`${beginning}(?:${patterns.join('|')})`, 'gu')
  return (value) => JSON.parse(JSON.stringify(value).replaceAll(found, ''))
}
