import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EdgePlace, usualEdges } from './usual-edges.ts'

test('edges are there where four cores are, on Linux, for one process that is not traced', () => {
  const usual: EdgePlace = { cores: 4, platform: 'linux', workers: 1, isTraced: false }
  assert.equal(usualEdges(usual), 2)
  assert.equal(usualEdges({ ...usual, cores: 64 }), 2)
  const without: Partial<EdgePlace>[] = [{ cores: 3 }, { platform: 'darwin' }, { workers: 2 }, { isTraced: true }]
  for (const other of without) assert.equal(usualEdges({ ...usual, ...other }), 0)
})
