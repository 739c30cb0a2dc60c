import { gradientBoosting } from './boosting/gradient-boosting.ts'
import { decisionTree, randomForest } from './forest/random-forest.ts'
import { isolationForest } from './isolation-forest.ts'
import { logisticRegression } from './logistic-regression.ts'
import { neuralNetwork } from './network/neural-network.ts'

/** Every learner, each in its own file. */
export const definitions = [
  decisionTree,
  randomForest,
  gradientBoosting,
  logisticRegression,
  neuralNetwork,
  isolationForest,
] as const
