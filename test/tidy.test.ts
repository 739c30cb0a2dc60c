import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { errorCodes } from '../src/core/errors.ts'

// Who may import whom. A new edge is a design decision, so it is made here, on purpose, and in ARCHITECTURE.md.
const mayImport: Record<string, readonly string[]> = {
  core: [],
  access: ['core'],
  pages: ['core'],
  data: ['core'],
  features: ['core'],
  models: ['core'],
  decisioning: ['core'],
  log: ['core', 'decisioning'],
  learners: ['core', 'data', 'models'],
  evaluation: ['core', 'data', 'features', 'models', 'decisioning'],
  report: ['core', 'pages', 'models', 'evaluation'],
  scoring: ['core', 'features', 'models', 'decisioning', 'log'],
  stores: ['core', 'features', 'log'],
  streams: ['core', 'scoring'],
  http: ['core', 'access', 'pages', 'decisioning', 'log', 'scoring'],
  'app.ts': [
    'core',
    'access',
    'features',
    'models',
    'decisioning',
    'scoring',
    'stores',
    'streams',
    'http',
    'open-live.ts',
  ],
  'open-live.ts': ['core', 'features', 'models', 'decisioning', 'log', 'scoring', 'stores', 'http'],
  cli: [
    'core',
    'access',
    'pages',
    'data',
    'features',
    'models',
    'decisioning',
    'log',
    'learners',
    'evaluation',
    'report',
    'scoring',
    'stores',
    'streams',
    'http',
    'app.ts',
    'open-live.ts',
  ],
}

// A dependency that is heavy, or that is set up, is named in one place: it is loaded only where it was chosen.
const homes: Record<string, string> = {
  '@bufbuild/protobuf': 'models/loaders/',
  '@duckdb/node-api': 'data/parquet.ts',
  echarts: 'report/',
  fastify: 'http/',
  yaml: 'core/yaml-file.ts',
  commander: 'cli/',
  'cli-progress': 'cli/',
  'onnxruntime-node': 'models/onnx-runtime.ts',
  zod: 'core/zod.ts',
}

// Calls with one home, and what to use everywhere else.
const banned = [
  {
    call: /\bDate\.now\(|new Date\(\)|performance\.now\(/,
    home: /^(core\/time\.ts|cli\/|http\/|app\.ts|open-live\.ts|stores\/sqlite\/writer-worker\.ts)/,
    instead: 'take the time as an argument',
  },
  { call: /\bMath\.random\(/, home: /^core\/random\.ts/, instead: 'take a Random as an argument' },
  { call: /\bconsole\./, home: /^cli\//, instead: 'return it, or take a logger as an argument' },
  { call: /\bprocess\.env\b/, home: /^(app\.ts|cli\/)/, instead: 'take configuration as an argument' },
]

const longestFunction = 70

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, folder: name.split('/')[0] ?? '', source: readFileSync(join('src', name), 'utf8') }))
const products = files.filter(({ name }) => !/\.(test|contract)\.ts$|check-\w+\.ts$/.test(name))

function importsOf(source: string): string[] {
  const imports = [...source.matchAll(/'(\.\.?\/[^']+\.ts)'/g)].map((match) => match[1] ?? '')
  const workers = [...source.matchAll(/workerScript\('(\.\/[^']+)'/g)].map((match) => `${match[1]}.ts`)
  return [...imports, ...workers]
}

test('folders import only what they may', () => {
  const violations: string[] = []
  for (const { name, folder, source } of products) {
    for (const specifier of importsOf(source)) {
      const target = relative('.', join(dirname(name), specifier)).split('/')[0] ?? ''
      if (target !== folder && !mayImport[folder]?.includes(target)) violations.push(`${name} -> ${target}`)
    }
  }
  assert.deepEqual(violations, [])
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

test('every file is imported by another', () => {
  const imported = new Set(['cli/main.ts'])
  for (const { name, source } of products) {
    for (const specifier of importsOf(source)) imported.add(join(dirname(name), specifier))
  }
  assert.deepEqual(
    products.map(({ name }) => name).filter((name) => !imported.has(name)),
    [],
  )
})

test(`no function is longer than ${longestFunction} lines`, () => {
  const tooLong: string[] = []
  for (const { name, source } of products) {
    const lines = source.split('\n')
    lines.forEach((line, start) => {
      if (!/^\s*(export )?(default )?(async )?function\b/.test(line)) return
      const indent = /^\s*/.exec(line)?.[0] ?? ''
      const length = lines.slice(start).indexOf(`${indent}}`)
      if (length + 1 > longestFunction) tooLong.push(`${name}:${start + 1} has ${length + 1} lines`)
    })
  }
  assert.deepEqual(tooLong, [])
})

test('every error code is explained in the reference, and no other', () => {
  const reference = readFileSync('docs/reference/errors.md', 'utf8')
  const explained = [...reference.matchAll(/^## `([A-Z0-9_]+)`/gm)].map((match) => match[1])
  assert.deepEqual(explained.sort(), [...errorCodes].sort())
})
