import { openTestLive } from '../../test/service/live-fixture.ts'
import { createRandom } from '../core/random.ts'
import { takesEachOnce } from './intake.contract.ts'

takesEachOnce('over a file of this machine', openTestLive)

const random = createRandom(14)
takesEachOnce('over a database that answers after a while', (options) =>
  openTestLive({ ...options, lookUpMs: () => random.uniform() * 20 }),
)
