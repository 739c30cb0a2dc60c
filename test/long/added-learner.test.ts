import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readBundle } from '../../src/scoring/load-predictor.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-learner-'))
const at = (name: string) => join(folder, name)
after(() => rmSync(folder, { recursive: true }))

function node(...args: readonly string[]): { readonly code: number | null; readonly said: string } {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...env, NO_COLOR: '1', COLUMNS: '200' },
  })
  return { code: status, said: stdout + stderr }
}

function succeed(...args: readonly string[]): string {
  const { code, said } = node(...args)
  assert.equal(code, 0, said)
  return said
}

function change(name: string, from: string, to: string): void {
  const text = readFileSync(at(name), 'utf8')
  assert.ok(text.includes(from), `${name} has no ${from}`)
  writeFileSync(at(name), text.replace(from, to))
}

describe('a learner that is added as CONTRIBUTING.md says', () => {
  before(() => {
    const folders = ['src', 'bin', 'test', 'bench', 'deploy', 'detectors', 'kernels', 'client', 'console']
    for (const name of [...folders, 'package.json', 'tsconfig.json'])
      cpSync(name, at(name), { recursive: true, filter: (path) => !/\.venv$|\.cache$/.test(path) })
    symlinkSync(resolve('node_modules'), at('node_modules'))
    const section = readFileSync('CONTRIBUTING.md', 'utf8').split('\n## Adding a learner\n')[1]?.split('\n## ')[0] ?? ''
    const [, file = ''] = /as `([\w-]+\.ts)` there:/.exec(section) ?? []
    const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(section) ?? []
    const [, index = '', line = ''] = /the list in `([^`]+)`: `(\w+)`/.exec(section) ?? []
    writeFileSync(at(`src/learners/${file}`), code)
    change(index, 'import ', `import { ${line} } from './${file}'\nimport `)
    change(index, '\n] as const', `\n  ${line},\n] as const`)
  })

  test('compiles but for what its tests ask for', () => {
    // The second time only what has changed is checked, and other tests run beside this one.
    const cheaply = ['--incremental', '--tsBuildInfoFile', '.checked', '--singleThreaded']
    const compile = ['node_modules/typescript/bin/tsc', '--noEmit', '-p', '.', ...cheaply]
    const { said } = node(...compile)
    const errors = said.split('\n').filter((each) => /error TS/.test(each))
    assert.equal(errors.length, 1, said)
    assert.match(errors[0] ?? '', /^src\/learners\/every-learner\.test\.ts.*'"?linear-discriminant/)
    change(
      'src/learners/every-learner.test.ts',
      "  'decision-tree': {},\n",
      "  'decision-tree': {},\n  'linear-discriminant': {},\n",
    )
    succeed(...compile)
  })

  test('passes what every learner has to', () => {
    const named = ['--test-name-pattern', '^linear-discriminant']
    const said = succeed('--import', './test/setup.ts', '--test', ...named, 'src/learners/every-learner.test.ts')
    assert.match(said, /pass 8\b/)
  })

  test('has its flag, its part of the detector file and its search', async () => {
    assert.match(succeed('bin/shrike.js', 'train', '--help'), /--smoothing <number> +of a linear discriminant/)
    succeed('bin/shrike.js', 'simulate', '--rows', '3000', '--frauds', '60', '--out', 'cards.csv')
    const quietly = ['cards.csv', '--no-leak-check', '--detector', 'cards.yaml']
    const features = Array.from({ length: 28 }, (_, i) => `V${i + 1}`)
    const detector = (model: string) => `detector: cards
transaction:
  time: { field: Time, format: seconds-since }
  label: { field: Class }
features: [${features.join(', ')}]
model: ${model}
`
    writeFileSync(at('cards.yaml'), detector('{ learner: linear-discriminant, smoothing: 0.2 }'))
    succeed('bin/shrike.js', 'train', ...quietly, '--out', 'file.safetensors')
    const byFile = await readBundle(at('file.safetensors'))
    assert.deepEqual(
      [byFile.learner, byFile.options.smoothing, byFile.model.kind],
      ['linear-discriminant', 0.2, 'linear'],
    )
    succeed('bin/shrike.js', 'train', ...quietly, '--smoothing', '0.5', '--out', 'flag.safetensors')
    assert.equal((await readBundle(at('flag.safetensors'))).options.smoothing, 0.5)
    succeed(
      'bin/shrike.js',
      'tune',
      ...quietly,
      '--learner',
      'linear-discriminant',
      '--trials',
      '3',
      '--out',
      't.safetensors',
    )
    assert.deepEqual(
      (await readBundle(at('t.safetensors'))).tuning?.space.map(({ learner }) => learner),
      ['linear-discriminant'],
    )
    writeFileSync(at('cards.yaml'), detector('{ learner: linear-discriminant, smoothing: -1 }'))
    const { code, said } = node('bin/shrike.js', 'train', ...quietly)
    assert.notEqual(code, 0)
    assert.match(said, /cards\.yaml:6: model\.smoothing: it must be at least 0/)
  })
})
