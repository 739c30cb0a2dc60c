import { isDeepStrictEqual } from 'node:util'
import { Document, isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument, stringify, visit } from 'yaml'
import { type ErrorCode, FraudError } from './errors.ts'
import { isRecord } from './json-value.ts'

type Path = readonly PropertyKey[]

/** What a YAML file says, and where its parts stand: `cards.yaml:7`. */
interface YamlFile {
  readonly value: unknown
  readonly locate: (path: Path) => string
}

/**
 * Reads the text of a YAML file that holds one document.
 *
 * @param source what to call the file in errors.
 * @param holds what it is and how its being none is called: a detector, DETECTOR_INVALID.
 */
export function parseYamlFile(
  text: string,
  source: string,
  { what, code }: { readonly what: string; readonly code: ErrorCode },
): YamlFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number) => `${source}:${lines.linePos(offset).line}`
  const [broken] = document.errors
  if (broken !== undefined) {
    const tab = text.includes('\t') ? ' (YAML indents with spaces, not tabs)' : ''
    const reason = broken.code === 'MULTIPLE_DOCS' ? `a second ${what} begins here; a file holds one` : broken.message
    throw new FraudError(code, `${at(broken.pos[0])}: ${reason}${tab}`)
  }
  // Anchors would let a name stand for something that contains it; no file here has a need of them.
  visit(document, {
    Alias(_, { range, source: alias }) {
      const reason = `*${alias} is an alias, which is not allowed; write its value out`
      throw new FraudError(code, `${at(range?.[0] ?? 0)}: ${reason}`)
    },
  })
  return { value: document.toJS(), locate: (path) => at(offsetOf(document, path)) }
}

/** The text of a file that reads back as the same value. */
export function formatYaml(value: unknown): string {
  return stringify(value, { lineWidth: 120 })
}

/** The text with other values in it: what says the same stays as it is written, with its comments. */
export function updateYaml(text: string, values: Readonly<Record<string, unknown>>): string {
  const document = parseDocument(text)
  for (const [name, value] of Object.entries(values)) updateAt(document, [name], value)
  return document.toString({ lineWidth: 120 })
}

function updateAt(document: Document, path: readonly (string | number)[], value: unknown): void {
  const node = document.getIn(path, true)
  const old = isNode(node) ? node.toJS(document) : undefined
  if (isDeepStrictEqual(old, value)) return
  if (Array.isArray(value) && Array.isArray(old) && value.length === old.length) {
    for (const [i, each] of value.entries()) updateAt(document, [...path, i], each)
  } else if (isRecord(value) && isRecord(old)) {
    for (const name of Object.keys(old)) if (!(name in value)) document.deleteIn([...path, name])
    for (const [name, each] of Object.entries(value)) updateAt(document, [...path, name], each)
  } else document.setIn(path, document.createNode(value))
}

/** The same as a person would write it: what holds nothing but plain values, on a line. */
export function formatYamlBriefly(value: Readonly<Record<string, unknown>>): string {
  const document = new Document(value)
  const isFlat = (node: unknown): boolean =>
    isScalar(node) || (isSeq(node) && node.items.every((item) => isScalar(item)))
  visit(document, {
    Collection(_, node, path) {
      const isOfTop = path.filter((each) => isPair(each)).length < 2
      const parts = isMap(node) ? node.items.map(({ value: part }) => part) : node.items
      if (!(isOfTop && !path.some((each) => isSeq(each))) && parts.every(isFlat)) node.flow = true
    },
  })
  return document.toString({ lineWidth: 0 })
}

/** Where the deepest part of a path that the file has begins, its name where it has one. */
function offsetOf({ contents }: Document, path: Path): number {
  let node: unknown = contents
  let offset = 0
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key: name }) => isScalar(name) && String(name.value) === String(key))
      if (pair === undefined) return offset
      if (isScalar(pair.key) && pair.key.range) offset = pair.key.range[0]
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(key)]
      if ((isScalar(node) || isMap(node) || isSeq(node)) && node.range) offset = node.range[0]
    } else return offset
  }
  return offset
}
