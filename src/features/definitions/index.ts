import type { FeatureKind } from '../feature.ts'
import { amountKind } from './amount.ts'
import { categoryKind } from './category.ts'
import { columnKind } from './column.ts'
import { countKind } from './count.ts'
import { distanceKind } from './distance.ts'
import { distanceFromLastKind } from './distance-from-last.ts'
import { distinctKind } from './distinct.ts'
import { entropyKind } from './entropy.ts'
import { firstSeenKind } from './first-seen.ts'
import { fraudCountKind } from './fraud-count.ts'
import { fraudRateKind } from './fraud-rate.ts'
import { fraudRunKind } from './fraud-run.ts'
import { frequencyKind } from './frequency.ts'
import { hourKind } from './hour.ts'
import { linkedFraudsKind } from './linked-frauds.ts'
import { maxKind } from './max.ts'
import { meanKind } from './mean.ts'
import { medianKind } from './median.ts'
import { minKind } from './min.ts'
import { newPairsKind } from './new-pairs.ts'
import { nightKind } from './night.ts'
import { oneHotKind } from './one-hot.ts'
import { ratioKind } from './ratio.ts'
import { ratioToMaxKind } from './ratio-to-max.ts'
import { ratioToMeanKind } from './ratio-to-mean.ts'
import { ratioToMedianKind } from './ratio-to-median.ts'
import { riskOfKind } from './risk-of.ts'
import { shareKind } from './share.ts'
import { signedLogKind } from './signed-log.ts'
import { speedFromLastKind } from './speed-from-last.ts'
import { standardDeviationKind } from './standard-deviation.ts'
import { sumKind } from './sum.ts'
import { timeSinceFraudKind } from './time-since-fraud.ts'
import { timeSinceLastKind } from './time-since-last.ts'
import { weekdayKind } from './weekday.ts'
import { weekendKind } from './weekend.ts'
import { zScoreKind } from './z-score.ts'

/** Every kind of feature. A new one is a file beside this and a line here. */
export const featureKinds: readonly FeatureKind[] = [
  amountKind,
  categoryKind,
  columnKind,
  countKind,
  distanceKind,
  distanceFromLastKind,
  distinctKind,
  firstSeenKind,
  fraudCountKind,
  fraudRateKind,
  frequencyKind,
  hourKind,
  maxKind,
  meanKind,
  medianKind,
  minKind,
  nightKind,
  oneHotKind,
  ratioKind,
  ratioToMaxKind,
  ratioToMeanKind,
  ratioToMedianKind,
  riskOfKind,
  signedLogKind,
  speedFromLastKind,
  standardDeviationKind,
  sumKind,
  timeSinceLastKind,
  weekdayKind,
  weekendKind,
  zScoreKind,
  shareKind,
  entropyKind,
  newPairsKind,
  timeSinceFraudKind,
  fraudRunKind,
  linkedFraudsKind,
]
