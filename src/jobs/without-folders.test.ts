import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { withoutFolders } from './without-folders.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'shrike-places-')))
after(() => rmSync(root, { recursive: true }))

test('names what is in a folder from there, whatever the folder is called and wherever it is said', () => {
  for (const name of ['data', 'a.b+c (1)', '"q"$', 'ärger', '[x]{2}']) {
    const folder = join(root, name)
    mkdirSync(folder)
    const told = withoutFolders([folder])
    const inside = join(folder, 'bundles/n/model.safetensors')
    assert.deepEqual(told({ a: [`${inside}: full`, `read (${inside})`], [inside]: 1, n: 0.1, none: null }), {
      a: ['bundles/n/model.safetensors: full', 'read (bundles/n/model.safetensors)'],
      'bundles/n/model.safetensors': 1,
      n: 0.1,
      none: null,
    })
  }
})

test('leaves other paths as they are, those that a folder is the end or the beginning of, too', () => {
  const told = withoutFolders(['/data', '/'])
  for (const path of ['/srv/data/x', '../data/x', 'my-data/x', '/database/x', '/data', '/'])
    assert.equal(told(path), path)
  assert.equal(withoutFolders(['data', '.'])('./data/x'), './data/x')
})

test('knows a folder by its link and by its own place', () => {
  mkdirSync(join(root, 'real'))
  symlinkSync(join(root, 'real'), join(root, 'link'))
  const told = withoutFolders([`${join(root, 'link')}/`])
  assert.equal(told(`${root}/link/x and ${root}/real/y`), 'x and y')
})
