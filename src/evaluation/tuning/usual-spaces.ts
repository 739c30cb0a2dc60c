import type { Learner } from '../../core/detector-schema.ts'
import type { Dimension } from './dimension.ts'

const choice = (name: string, ...values: readonly unknown[]): Dimension => ({ kind: 'choice', name, values })
const share = (name: string, from: number): Dimension => {
  return { kind: 'range', name, from, to: 1, scale: 'linear', whole: false }
}
const log = (name: string, from: number, to: number): Dimension => {
  return { kind: 'range', name, from, to, scale: 'log', whole: false }
}
const wholeLog = (name: string, from: number, to: number): Dimension => {
  return { kind: 'range', name, from, to, scale: 'log', whole: true }
}

/** What is searched where no file says so: the options that matter most on tables with few frauds. */
export const usualSpaces: Readonly<Record<Learner, readonly Dimension[]>> = {
  'decision-tree': [
    choice('maxDepth', 3, 4, 5, 6, 8, 10, 14, null),
    wholeLog('minSamplesLeaf', 1, 200),
    choice('classWeight', 'none', 'balanced'),
    choice('oversample', null, 0.1),
  ],
  'random-forest': [
    choice('nEstimators', 100, 200, 300),
    wholeLog('minSamplesLeaf', 1, 50),
    choice('maxFeatures', 'sqrt', 'log2', 'all'),
    share('maxSamples', 0.2),
    choice('classWeight', 'none', 'balanced'),
    choice('oversample', null, 0.1, 1),
  ],
  'gradient-boosting': [
    choice('nEstimators', 100, 200, 400),
    log('learningRate', 0.01, 0.3),
    wholeLog('maxLeaves', 4, 64),
    wholeLog('minSamplesLeaf', 5, 200),
    log('regLambda', 0.1, 100),
    share('subsample', 0.5),
    share('colsampleByTree', 0.3),
  ],
  'logistic-regression': [log('c', 0.0001, 100), choice('classWeight', 'none', 'balanced')],
  'neural-network': [
    choice('hidden', [32], [64], [64, 32], [128, 64]),
    log('learningRate', 0.0001, 0.01),
    wholeLog('epochs', 5, 40),
    choice('batchSize', 64, 256, 1024),
    choice('dropout', 0, 0.1, 0.2, 0.4),
    log('weightDecay', 0.000001, 0.01),
  ],
  'isolation-forest': [choice('nEstimators', 100, 200, 400), wholeLog('sampleSize', 64, 4096)],
}
