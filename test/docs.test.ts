import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import type { Command } from 'commander'
import { createProgram } from '../src/cli/main.ts'
import { figureIn } from './docs/compare-output.ts'
import { datedDocs, refreshDoc } from './docs/figures.ts'
import { isCommand, parseDoc, withoutComment } from './docs/parse-doc.ts'
import { outputsOf } from './docs/run-doc.ts'

const program = await createProgram()

/** The command that words name, `log verify` say, and how many of them name it. */
function findCommand(words: readonly string[]): { readonly command: Command; readonly depth: number } {
  let command = program
  for (const [depth, word] of words.entries()) {
    const next = command.commands.find((each) => each.name() === word)
    if (next === undefined) return { command, depth }
    command = next
  }
  return { command, depth: words.length }
}

function flagsOf(command: Command): readonly string[] {
  const own = command.options.flatMap(({ long }) => (long ? [long] : []))
  return [...own, ...command.commands.flatMap(flagsOf)]
}

const documents = [
  'README.md',
  'docs/start.md',
  ...['guides', 'reference'].flatMap((folder) => readdirSync(`docs/${folder}`).map((name) => `docs/${folder}/${name}`)),
]

/** Command lines of fenced blocks, those in the middle of a pipe or after a && included. */
function commandLines(markdown: string): readonly string[] {
  const fences = markdown.matchAll(/^\s*```(?:sh|shell)?\n([\s\S]*?)^\s*```$/gm)
  return [...fences].flatMap(([, body]) =>
    body
      .replace(/\\\n\s*/g, ' ')
      .split('\n')
      .flatMap((line) => withoutComment(line).split(/\s(?:&&|\|)\s|\$\(/))
      .filter(isCommand),
  )
}

describe('documents', () => {
  test('name commands and flags that there are', () => {
    let seen = 0
    for (const path of documents) {
      for (const line of commandLines(readFileSync(path, 'utf8'))) {
        const words = line.replace(/^(?:[A-Z_]+=\S+\s+)*shrike /, '').split(/\s+/)
        const { command, depth } = findCommand(words)
        assert.ok(depth > 0, `${path}: there is no such command: ${line}`)
        for (const [flag] of line.matchAll(/(?<=\s)--[a-z-]+/g)) {
          assert.ok(flagsOf(command).includes(flag), `${path}: ${command.name()} has no ${flag}: ${line}`)
        }
        seen++
      }
    }
    assert.ok(seen > 30, `${seen} command lines`)
  })

  test('explain every flag of every command, and no other', () => {
    const sections = readFileSync('docs/reference/cli.md', 'utf8').split(/^## /m).slice(1)
    const explained = new Map<Command, string>()
    const wrong: string[] = []
    for (const section of sections) {
      const heading = section.slice(0, section.indexOf('\n'))
      const commands = [...heading.matchAll(/`([a-z][^`]*)`/g)].map(([, text]) => findCommand(text.split(' ')).command)
      const flags = commands.flatMap(flagsOf)
      for (const command of commands) explained.set(command, (explained.get(command) ?? '') + section)
      for (const [, cell] of section.matchAll(/^\| (`--[^|]*(?:\\\|[^|]*)*) \|/gm)) {
        for (const [flag] of cell.matchAll(/--[a-z-]+/g))
          if (!flags.includes(flag)) wrong.push(`${heading} has no ${flag}`)
      }
    }
    // What `npm start` runs takes the flags of serve, and the section says so.
    for (const [command, text] of explained) {
      for (const flag of command.name() === 'demo' ? [] : flagsOf(command)) {
        if (!new RegExp(`${flag}(?![a-z-])`).test(text)) wrong.push(`${command.name()}: ${flag} is not explained`)
      }
    }
    assert.deepEqual(wrong, [])
    const all = program.commands.flatMap((command) => (command.commands.length > 0 ? command.commands : [command]))
    const missing = all.filter((command) => !explained.has(command)).map((command) => command.name())
    assert.deepEqual(missing, [])
  })

  test('have every flag of a command’s help, which shows examples', () => {
    const reference = readFileSync('docs/reference/cli.md', 'utf8')
    for (const command of program.commands.flatMap((each) => [each, ...each.commands])) {
      let help = ''
      const writeOut = (text: string) => {
        help += text
      }
      command.configureOutput({ writeOut }).outputHelp()
      assert.match(help, /Examples:/, command.name())
      for (const [flag] of help.matchAll(/--[a-z][a-z-]+/g))
        assert.ok(reference.includes(flag), `${command.name()} ${flag}`)
      for (const [, named] of help.matchAll(/`([a-z]+(?: [a-z]+)+)`/g)) {
        const words = named.replace(/^shrike /, '').split(' ')
        assert.equal(findCommand(words).depth, words.length, `${command.name()} names ${named}`)
      }
    }
  })

  test('name files and sections that there are', () => {
    const headings = (path: string) =>
      [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
        heading
          .toLowerCase()
          .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
          .replaceAll(' ', '-'),
      )
    const missing: string[] = []
    for (const path of [...documents, 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'GLOSSARY.md', 'SECURITY.md']) {
      const text = readFileSync(path, 'utf8').replace(/^```[\s\S]*?^```$/gm, '')
      for (const [, target, section] of text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)) {
        const file = target === '' ? path : join(dirname(path), target)
        if (!existsSync(file) || (section !== undefined && !headings(file).includes(section)))
          missing.push(`${path}: ${target}#${section ?? ''}`)
      }
      for (const [, file] of text.matchAll(/`((?:src|test|docs|bench|deploy|bin|detectors)\/[\w./-]+)`/g))
        if (!existsSync(file)) missing.push(`${path}: ${file}`)
    }
    assert.deepEqual(missing, [])
  })

  // Tests of the service hold these two tables.
  test('name routes that the table of routes has', () => {
    const pattern = (path: string) => path.replaceAll(/\{[^}]*\}/g, '[^/ ]+').replaceAll('.', '\\.')
    const routes = [...readFileSync('docs/reference/http.md', 'utf8').matchAll(/^\| `([A-Z]+ \/\S*)` \|/gm)]
    const known = new RegExp(`^(?:${routes.map(([, route]) => pattern(route)).join('|')})$`)
    const named = documents.flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/\b(?:GET|POST|PUT|DELETE|PATCH) \/v1\/[\w/{}.-]*\w[}]?/g)].map(
        ([route]) => [path, route] as const,
      ),
    )
    assert.ok(named.length > 100, `${named.length} routes`)
    assert.deepEqual(
      named.filter(([, route]) => !known.test(route)),
      [],
    )
  })

  test('and alert rules and dashboards name metrics that the table of metrics has', () => {
    const reference = readFileSync('docs/reference/metrics.md', 'utf8')
    const known = new Set([...reference.matchAll(/^\| `(shrike_\w+)/gm)].map(([, name]) => name))
    const paths = [...documents, 'deploy/prometheus/shrike.rules.yaml', 'deploy/grafana/shrike.json']
    const unknown = paths.flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/\bshrike_(?!app\b|client\b|features\b|session\b)\w+/g)]
        .map(([name]) => name.replace(/_(?:bucket|sum|count)$/, ''))
        .filter((name) => !known.has(name) && !known.has(`${name}_count`))
        .map((name) => `${path}: ${name}`),
    )
    assert.deepEqual(unknown, [])
  })

  test('have the same figure in a sentence as in the block that shows it', () => {
    for (const path of datedDocs) {
      const markdown = readFileSync(path, 'utf8')
      const steps = parseDoc(markdown)
      const shown = new Map(
        steps.flatMap((step, i) => {
          const next = steps[i + 1]
          return step.kind === 'command' && next?.kind === 'output' ? [[step, next.lines.join('\n')] as const] : []
        }),
      )
      const outputs = outputsOf(steps, shown)
      for (const step of steps) {
        const inBlock = step.kind === 'figure' ? figureIn(step, outputs.get(step) ?? '') : undefined
        if (step.kind === 'figure' && inBlock !== undefined) assert.equal(step.shown, inBlock, `${path}:${step.line}`)
      }
      assert.match(markdown, /<!-- figures of `npm run docs:figures`, \d{4}-\d\d-\d\d -->/)
    }
  })
})

/** Commands that fetch a stranger's package where Shrike's own is not found: the registry's `shrike` is not ours. */
const fetches =
  /\b(?:(?:npx|bunx|(?:npm|pnpm) (?:exec|dlx|x)|yarn dlx)(?: -\S+)*|(?:npm|pnpm|yarn|bun) (?:i|install|add)(?: -\S+)*)\s+(?:--\s+)?shrike(?![\w-])/

function textsUnder(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name.startsWith('.') ? [] : textsUnder(path)
    return entry.isFile() && /\.(?:md|ts|js|ya?ml|json|sh|html|py)$|^[^.]+$/.test(entry.name) ? [path] : []
  })
}

test('no document, message or script fetches a package of another owner', () => {
  const folders = ['docs', 'src', 'deploy', 'detectors', 'bench', 'bin', 'test', '.ci'].flatMap(textsUnder)
  const top = readdirSync('.').filter((name) => /\.(?:md|json)$|^Dockerfile$/.test(name))
  const texts = [...top, ...folders].filter((path) => path !== 'test/docs.test.ts')
  assert.ok(texts.length > 500)
  const found = texts.flatMap((path) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((line, i) => (fetches.test(line) ? [`${path}:${i + 1}: ${line.trim().slice(0, 100)}`] : [])),
  )
  assert.deepEqual(found, [])
  for (const command of [
    'npx shrike train',
    'npx -y shrike',
    'npm exec -- shrike',
    'npm install -g shrike',
    'pnpm dlx shrike',
  ])
    assert.match(command, fetches)
  for (const command of ['npx biome check', 'npm install -g .', 'npm run shrike -- train', 'npm i shrike-fraud'])
    assert.doesNotMatch(command, fetches)
})

test('figures are put where they were, and what is not printed any more is told', () => {
  const markdown = [
    'It has <!-- figure /(\\d+) rows/ -->1<!-- / --> rows and <!-- figure later: /(\\d+) frauds/ -->2<!-- / --> frauds.',
    '  ```',
    '  shrike first',
    '  ```',
    '  ```',
    '  a  1,234.5 of -2e-7, cut …',
    '  …',
    '  gone 5',
    '  x,…,9',
    '  ```',
    '<!-- as later -->',
    '```sh',
    'shrike second # said of it',
    '```',
    'Then <!-- figure later: /(\\d+) frauds/ -->2<!-- / --> and <!-- figure /(\\d+) frauds/ -->3<!-- / -->.',
  ].join('\n')
  const steps = parseDoc(markdown)
  const commands = steps.filter((step) => step.kind === 'command')
  assert.deepEqual(
    commands.map(({ text, name }) => [text, name]),
    [
      ['shrike first', undefined],
      ['shrike second', 'later'],
    ],
  )
  const printed = new Map([
    [commands[0], 'more\na   9 of 3, cut short\nx,y,z,8\n'],
    [commands[1], '77 frauds'],
  ] as const)
  const { markdown: now, problems } = refreshDoc(markdown, steps, outputsOf(steps, printed))
  const lines = now.split('\n')
  assert.equal(lines[5], '  a   9 of 3, cut …')
  assert.deepEqual(lines.slice(6, 9), ['  …', '  gone 5', '  x,…,8'])
  assert.equal(
    lines[14],
    'Then <!-- figure later: /(\\d+) frauds/ -->77<!-- / --> and <!-- figure /(\\d+) frauds/ -->77<!-- / -->.',
  )
  assert.deepEqual(problems, [
    'line 1: /(\\d+) rows/m is not printed',
    'line 1: /(\\d+) frauds/m is not printed',
    'line 6: nothing printed is like "gone 5"',
  ])
})
