import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { errorCodes } from '../src/core/errors.ts'
import { optionNames } from '../src/core/option.ts'

// Who may import whom is ARCHITECTURE.md's table: a new edge is a design decision, and is made there, on purpose.
const mayImport = readTable(readFileSync('ARCHITECTURE.md', 'utf8'))

function readTable(text: string): ReadonlyMap<string, readonly string[] | 'anything'> {
  const rows = text.split('\n| folder | holds | may import |\n')[1]?.split('\n\n')[0]?.split('\n').slice(1) ?? []
  return new Map(
    rows.map((row): [string, readonly string[] | 'anything'] => {
      const [folder = '', , allowed = ''] = row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim())
      if (allowed === 'anything') return [folder, allowed]
      return [folder, allowed === 'nothing' ? [] : allowed.split(', ')]
    }),
  )
}

// A dependency that is heavy, or that is set up, is named in one place: it is loaded only where it was chosen.
const homes: Record<string, string> = {
  '@platformatic/kafka': 'streams/kafka/kafka-',
  '@bufbuild/protobuf': 'models/loaders/',
  '@duckdb/node-api': 'data/',
  echarts: 'report/',
  fastify: 'http/',
  hucre: 'data/workbook.ts',
  pg: 'stores/postgres/',
  yaml: 'core/yaml-file.ts',
  commander: 'cli/',
  'cli-progress': 'cli/',
  'onnxruntime-node': 'models/onnx-runtime.ts',
  'openid-client': 'access/oidc.ts',
  re2js: 'language/pattern.ts',
  zod: 'core/zod.ts',
}

// Calls with one home, and what to use everywhere else.
const banned = [
  {
    call: /\bDate\.now\(|new Date\(\)|performance\.now\(/,
    home: /^(core\/time-slices\.ts|cli\/|training\/read-input\.ts|http\/|app\.ts|open-\w+\.ts|stores\/(sqlite|postgres)\/writer-worker\.ts)/,
    instead: 'take the time as an argument',
  },
  { call: /\bMath\.random\(/, home: /^core\/random\.ts/, instead: 'take a Random as an argument' },
  { call: /\bconsole\./, home: /^cli\//, instead: 'return it, or take a logger as an argument' },
  {
    call: /\.prepare\(|['"`]SELECT /,
    home: /^(stores\/|data\/(parquet|parquet-columns|shuffled-events)\.ts)/,
    instead: 'ask the log by a method of its own',
  },
  {
    call: /\bprocess\.env\b/,
    home: /^(app\.ts|cli\/|core\/start-worker\.ts|training\/read-input\.ts)/,
    instead: 'take configuration as an argument',
  },
]

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, folder: name.split('/')[0] ?? '', source: readFileSync(join('src', name), 'utf8') }))
const products = files.filter(({ name }) => !/\.(test|contract)\.ts$/.test(name))

function importsOf(source: string): string[] {
  const imports = [...source.matchAll(/'(\.\.?\/[^']+\.ts)'/g)].map((match) => match[1] ?? '')
  const workers = [...source.matchAll(/workerScript\('(\.\/[^']+)'/g)].map((match) => `${match[1]}.ts`)
  return [...imports, ...workers]
}

test('folders import what ARCHITECTURE.md lets them, and all of it', () => {
  const used = new Set<string>()
  for (const { name, folder, source } of products) {
    for (const specifier of importsOf(source)) {
      const target = relative('.', join(dirname(name), specifier)).split('/')[0] ?? ''
      if (target !== folder) used.add(`${folder} -> ${target}`)
    }
  }
  const free = [...mayImport].filter(([, allowed]) => allowed === 'anything').map(([folder]) => `${folder} -> `)
  const allowed = [...mayImport].flatMap(([folder, targets]) => {
    return targets === 'anything' ? [] : targets.map((target) => `${folder} -> ${target}`)
  })
  const asked = [...used].filter((edge) => !free.some((start) => edge.startsWith(start)))
  assert.deepEqual(asked.sort(), allowed.sort())
})

test('the paths of ARCHITECTURE.md lead through functions that are in the files beside them', () => {
  const paths = [...readFileSync('ARCHITECTURE.md', 'utf8').matchAll(/^```\n(.*?)^```/gms)].map(([, path = '']) => path)
  const steps = paths.flatMap((path) => [
    ...path.matchAll(/^ +(?:or )?([\w.]+) +(?:\.\.\. +)?((?:[\w-]+\/)+[\w-]+\.ts)\b/gm),
  ])
  assert.ok(steps.length > 60, `${steps.length} steps`)
  const strayed = steps.filter(([, name = '', file = '']) => {
    const source = files.find((each) => each.name === file)?.source ?? ''
    return !new RegExp(`\\b${name.split('.').at(-1)}\\b`).test(source)
  })
  assert.deepEqual(
    strayed.map(([, name, file]) => `${name} is not in ${file}`),
    [],
  )
})

test('the command line holds nothing that others use; tests of documents alone ask it for its flags', () => {
  const others = ['bench', 'test', 'src', 'deploy'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !/^cli\/|node_modules|\.venv/.test(name))
      .map((name) => join(folder, name)),
  )
  const users = others.filter((name) => /from '[./]+(?:src\/)?cli\//.test(readFileSync(name, 'utf8')))
  assert.deepEqual(users.sort(), ['test/deploy.test.ts', 'test/docs.test.ts', 'test/spawned/deploy-pair.test.ts'])
})

test('a service loads no learner', () => {
  const sources = new Map(products.map(({ name, source }) => [name, source]))
  const loaded = new Set(['cli/main.ts', 'cli/serve.ts', 'cli/serve-work.ts', 'app.ts'])
  for (const name of loaded) {
    const statements = (sources.get(name) ?? '').matchAll(/^(?:import|export)\b(?! type\b)[^'=]*'(\.\.?\/[^']+\.ts)'/gm)
    for (const [, specifier = ''] of statements) loaded.add(join(dirname(name), specifier))
  }
  assert.ok(loaded.size > 200, `${loaded.size} files`)
  assert.deepEqual(
    [...loaded].filter((name) => name.startsWith('learners/')),
    [],
  )
})

test('a heavy dependency is named only in its home', () => {
  const violations: string[] = []
  for (const { name, source } of products) {
    for (const [dependency, home] of Object.entries(homes)) {
      if (new RegExp(`'${dependency}['/]`).test(source) && !name.startsWith(home))
        violations.push(`${name} names ${dependency}`)
    }
  }
  assert.deepEqual(violations, [])
})

test('time, randomness, the console and the environment come from their one home', () => {
  const violations: string[] = []
  for (const { name, source } of products) {
    for (const { call, home, instead } of banned) {
      if (call.test(source) && !home.test(name)) violations.push(`${name}: ${call.source}: ${instead}`)
    }
  }
  assert.deepEqual(violations, [])
})

test('what takes the focus on a page does so by code: a browser complains of the attribute', () => {
  const pages = ['src', 'console/src'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => join(folder, name)),
  )
  assert.deepEqual(
    pages.filter((name) => /\bautofocus\b(?!`)/i.test(readFileSync(name, 'utf8'))),
    [],
  )
})

test('messages name options, and only the command line writes flags', () => {
  const violations: string[] = []
  for (const { name, folder, source } of products) {
    // Another process of ours is started by its flags, and V8 has its own.
    if (folder === 'cli' || name === 'open-decisions.ts' || name === 'core/garbage-collection.ts') continue
    for (const [index, line] of source.split('\n').entries()) {
      // A command may be told as it is typed, and pages have variables of their own.
      const text = line.replace(/\bshrike \w[^`<)]*|\bvar\(--[\w-]+|(?<=[{;\s])--[\w-]+:/g, '')
      if (!/^\s*(\/\/|\/?\*)/.test(line) && /['"`].*(?<![\w-])--[a-z$]/.test(text))
        violations.push(`${name}:${index + 1}`)
    }
  }
  assert.deepEqual(violations, [])
})

test('no option is listed that messages do not name', () => {
  const others = products.filter(({ name }) => name !== 'core/option.ts').map(({ source }) => source)
  const unnamed = optionNames.filter((name) => !others.some((source) => source.includes(`'${name}'`)))
  assert.deepEqual(unnamed, [])
})

test('every file is imported by another', () => {
  // The console carries the language, too.
  const imported = new Set(['cli/main.ts', 'language/index.ts'])
  for (const { name, source } of products) {
    for (const specifier of importsOf(source)) imported.add(join(dirname(name), specifier))
  }
  assert.deepEqual(
    // What only tells types of a package is found by the compiler.
    products.map(({ name }) => name).filter((name) => !imported.has(name) && !name.endsWith('.d.ts')),
    [],
  )
})

test('every error code is explained in the reference, and no other', () => {
  const reference = readFileSync('docs/reference/errors.md', 'utf8')
  const explained = [...reference.matchAll(/^## `([A-Z0-9_]+)`/gm)].map((match) => match[1])
  assert.deepEqual(explained.sort(), [...errorCodes].sort())
})
