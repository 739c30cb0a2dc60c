import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'

/** What other threads did at each look through young objects, in milliseconds, of a process that makes some garbage. */
function helpOfThreads(cores: number): readonly number[] {
  const script = `
    import { setFlagsFromString } from 'node:v8'
    import { collectGarbageAlone } from ${JSON.stringify(new URL('./one-core.ts', import.meta.url).href)}
    collectGarbageAlone(${cores})
    setFlagsFromString('--trace-gc-nvp')
    setFlagsFromString('--trace-gc')
    let kept = []
    for (let i = 0; i < 3_000_000; i++) {
      kept.push({ i, others: [i] })
      if (kept.length > 300_000) kept = kept.slice(150_000)
    }
  `
  const traced = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
  return [...traced.matchAll(/background\.scavenge\.parallel=([0-9.]+)/g)].map(([, ms]) => Number(ms))
}

test('on one core the thread that answers waits for no other that looks through young objects', () => {
  const help = helpOfThreads(1)
  assert.ok(help.length > 3 && help.every((ms) => ms === 0), String(help))
})
