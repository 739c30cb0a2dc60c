import { openTestDecisions } from '../../test/service/decisions-fixture.ts'
import { createRandom } from '../core/random.ts'
import { takesEachOnce } from './intake.contract.ts'

takesEachOnce('over a file of this machine', openTestDecisions)

const random = createRandom(14)
takesEachOnce('over a database that answers after a while', (options) =>
  openTestDecisions({ ...options, lookUpMs: () => random.uniform() * 20 }),
)
