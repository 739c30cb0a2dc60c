import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { cardsDetector } from '../service/decisions-fixture.ts'
import { amountBundle } from '../service/model-fixture.ts'

const python = 'bench/.venv/bin/python'

test("a bundle is read by Python's safetensors", {
  skip: !existsSync(python) && 'npm run bench:peers was not run',
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-'))
  const path = join(folder, 'small.safetensors')
  writeFileSync(path, amountBundle(cardsDetector(), 12.5).bytes)
  const script = `
import json, sys
from safetensors import safe_open
with safe_open(sys.argv[1], framework="numpy") as file:
    print(json.dumps({"threshold": file.get_tensor("threshold").tolist(), "left": file.get_tensor("left").tolist(),
                      "missing": file.get_tensor("missingGoesLeft").tolist(), "format": file.metadata()["format"]}))`
  const read = JSON.parse(execFileSync(python, ['-c', script, path], { encoding: 'utf8' }))
  rmSync(folder, { recursive: true })
  assert.deepEqual(read, { threshold: [12.5, 0, 0], left: [1, 0, 0], missing: [1, 0, 0], format: 'shrike-bundle' })
})
