/** A command line of a document, as a reader pastes it. */
export interface DocCommand {
  readonly kind: 'command'
  readonly text: string
  /** Of the document, from 1. */
  readonly line: number
  /** What later figures call its output. */
  readonly name?: string
  /** Whether it is in a comment, for the figures of a sentence. */
  readonly isHidden: boolean
}

/** A block that is a file, or what is added to one. */
export interface DocFile {
  readonly kind: 'file'
  readonly how: 'write' | 'merge' | 'append'
  readonly path: string
  readonly text: string
}

/** Lines that the command before printed. A line of … stands for any that were left out. */
export interface DocOutput {
  readonly kind: 'output'
  /** Of the first of `lines`, from 1. */
  readonly line: number
  readonly lines: readonly string[]
  readonly indent: string
}

/** A figure in a sentence: what stands between two comments. */
export interface DocFigure {
  readonly kind: 'figure'
  readonly line: number
  /** Where in its line. */
  readonly from: number
  readonly to: number
  readonly shown: string
  /** Its one group is the figure, in the output of the command of that name, or of the one before. */
  readonly pattern: RegExp
  readonly of?: string
}

export type DocStep = DocCommand | DocFile | DocOutput | DocFigure

interface Fence {
  readonly language: string
  readonly indent: string
  readonly line: number
  readonly lines: readonly string[]
  /** The comment right before it. */
  readonly note: string
}

const figurePattern = /<!-- figure (?:(\w+): )?\/(.+?)\/ -->(.*?)<!-- \/ -->/g
const runPattern = /^\s*<!-- run(?: as (\w+))?: (.+) -->\s*$/
const filePattern = /^(write|merge|append) (\S+)$/

/**
 * What a document does, in its order. Commands are the lines of fenced blocks that begin with `shrike`, and
 * comments `<!-- run: … -->`; a block without a language after them is what they print. Comments before a block:
 * `<!-- as NAME -->` names its output, `<!-- not run -->` leaves it out, and `write`, `merge` (maps are merged, lists take
 * the place of lists) or `append` (lists are joined) with a path make it a file.
 */
export function parseDoc(markdown: string): readonly DocStep[] {
  const steps: DocStep[] = []
  for (const part of splitFences(markdown.split('\n'))) {
    if (typeof part !== 'string') steps.push(...fenceSteps(part.fence))
    else steps.push(...proseSteps(part))
  }
  return steps
}

/** Fences, and lines of prose with their numbers in front. */
function splitFences(lines: readonly string[]): readonly (string | { readonly fence: Fence })[] {
  const parts: (string | { readonly fence: Fence })[] = []
  for (let at = 0; at < lines.length; at++) {
    const opened = /^(\s*)```(\w*)\s*$/.exec(lines[at])
    if (opened === null) {
      parts.push(`${at + 1}\t${lines[at]}`)
      continue
    }
    const [, indent, language] = opened
    const end = lines.findIndex((line, i) => i > at && line.trim() === '```')
    const note = /^\s*<!-- (.+) -->\s*$/.exec(lines[at - 1] ?? '')?.[1] ?? ''
    const body = lines.slice(at + 1, end).map((line) => line.slice(indent.length))
    parts.push({ fence: { language, indent, line: at + 2, lines: body, note } })
    at = end
  }
  return parts
}

function fenceSteps({ language, indent, line, lines, note }: Fence): readonly DocStep[] {
  if (note === 'not run') return []
  const file = filePattern.exec(note)
  if (file !== null) {
    const how = file[1] === 'merge' ? 'merge' : file[1] === 'append' ? 'append' : 'write'
    return [{ kind: 'file', how, path: file[2], text: lines.join('\n') }]
  }
  if (!['', 'sh', 'shell'].includes(language)) return []
  const commands = lines.flatMap((text, i): DocCommand[] => {
    const name = /^as (\w+)$/.exec(note)?.[1]
    if (!isCommand(text)) return []
    return [
      {
        kind: 'command',
        text: withoutComment(text),
        line: line + i,
        isHidden: false,
        ...(name !== undefined && { name }),
      },
    ]
  })
  if (commands.length > 0) return commands
  return language === '' ? [{ kind: 'output', line, lines, indent }] : []
}

function proseSteps(numbered: string): readonly DocStep[] {
  const tab = numbered.indexOf('\t')
  const [line, text] = [Number(numbered.slice(0, tab)), numbered.slice(tab + 1)]
  const run = runPattern.exec(text)
  if (run !== null)
    return [{ kind: 'command', text: run[2], line, isHidden: true, ...(run[1] !== undefined && { name: run[1] }) }]
  return [...text.matchAll(figurePattern)].map((match): DocFigure => {
    const [whole, of, pattern, shown] = match
    const to = match.index + whole.length - '<!-- / -->'.length
    return {
      kind: 'figure',
      line,
      from: to - shown.length,
      to,
      shown,
      pattern: new RegExp(pattern, 'm'),
      ...(of !== undefined && { of }),
    }
  })
}

/** Whether a line of a block is a command of ours. */
export function isCommand(text: string): boolean {
  return /^(?:[A-Z_]+=\S+ )*shrike [a-z]/.test(text.trim())
}

/** Blanks and a # begin what is said of a command. */
export function withoutComment(text: string): string {
  return text.replace(/\s+#\s.*$/, '').trim()
}
