// One row at a time through LightGBM's trees in Shrike: DIR with model.txt, rows.npy and expected.npy, as
// boosting_one_row.py leaves them. Speaks as the rivals do.
import { readFileSync } from 'node:fs'
import { readLightgbm } from '../../src/models/loaders/lightgbm.ts'
import { answerRounds, microsecondsPerRow, mostDifference, readExported } from '../harness/one-row-rounds.ts'

const name = "Shrike, LightGBM's trees"
const folder = process.argv[2]
const { predictProba } = readLightgbm(readFileSync(`${folder}/model.txt`, 'utf8'))
const { rows, expected } = readExported(folder)
const differences = { [name]: mostDifference(predictProba, rows, expected) }
await answerRounds({ differences }, new Map([[name, () => microsecondsPerRow(predictProba, rows)]]))
