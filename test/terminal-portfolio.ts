import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { succeedIn } from './run-shrike.ts'

const detector = `
detector: cards
transaction:
  id: transaction_id
  time: { field: time, format: iso }
  amount: { field: amount, digits: 2, currency: EUR }
  keys: { terminal: terminal_id }
  label: { field: is_fraud, delay: 7d }
features:
  - amount
  - count: { by: terminal, over: [1d, 7d] }
  - fraudRate: { by: terminal, over: [7d, 14d] }
`

/** How a forest learns from it within seconds. */
export const trainQuickly = [
  ...['train', 'cards.csv', '--detector', 'detector.yaml', '--n-estimators', '20', '--out', 'm.safetensors'],
  '--no-leak-check',
]

/** Simulates a small portfolio as `cards.csv`, beside a `detector.yaml` of what terminals did. @param policy of the detector, in YAML. */
export async function simulateTerminals(folder: string, policy = ''): Promise<void> {
  writeFileSync(join(folder, 'detector.yaml'), detector + policy)
  const size = ['--customers', '500', '--terminals', '600', '--days', '45', '--seed', '5']
  await succeedIn(folder, ['simulate', '--shape', 'portfolio', ...size, '--out', 'cards.csv'])
}
