import { showSpan } from '../evaluation/tuning/search-folds.ts'
import { nameLearners, optionOf } from '../evaluation/tuning/suggest.ts'
import { type MeasuredTrial, type Objective, objectives, rankTrials } from '../evaluation/tuning/trial.ts'
import type { TuningRecord } from '../models/bundle.ts'
import { formatCount, formatGeneral, formatNumberOf } from '../pages/format.ts'
import { html, type Markup, nothing } from '../pages/html.ts'
import { drawFigure } from './chart.ts'
import { optionsFigure, showOption } from './option-charts.ts'
import type { ReportInput, SearchSummary } from './report-input.ts'
import { foldFigure, progressFigure, type SearchView } from './tuning-charts.ts'

/** Describes the search in one line, for a page without a section about it. */
export function describeTuning({ trials, objective, winner, current, folds }: TuningRecord): string {
  const before = current === undefined ? '' : `, ${showMean(current)} before`
  return `a search: ${formatNumberOf(trials, 'trial')} on ${formatNumberOf(folds.folds, 'fold')}, ${nameOf(objective)} ${showMean(winner)}${before}`
}

function nameOf(objective: string): string {
  return objective.replace('-', ' ')
}

function showMean({ mean, standardDeviation }: Pick<MeasuredTrial, 'mean' | 'standardDeviation'>): string {
  // No line may end within it.
  return `${formatGeneral(mean)}\u00a0±\u00a0${formatGeneral(standardDeviation, 2)}`
}

/** The search for options: how it went, what mattered, what it brought. */
export function tuningSection({ tuning, search }: ReportInput): Markup {
  const objective = objectives.find((each) => each === tuning?.objective)
  if (tuning === undefined || search === undefined || objective === undefined) return nothing
  const view: SearchView = { search, objective, name: nameOf(objective) }
  const options = search.spaces.map(({ learner }) => optionsFigure(view, learner))
  return html`<section id="search">
<h2>Search for options</h2>
<p class="intro">${intro(tuning)}</p>
<div class="grid">${drawFigure(progressFigure(view))}${drawFigure(foldFigure(view))}</div>
${options.map((figure) => (figure === undefined ? nothing : drawFigure(figure)))}
${comparison(tuning, search, objective)}
${topTable(search, objective)}
</section>
`
}

function intro({ trials, failed, folds, winner, current, objective, k }: TuningRecord): string {
  const how =
    `${formatNumberOf(trials, 'trial')}${failed === 0 ? '' : `, of which ${formatCount(failed)} failed`}, each on ` +
    `${formatNumberOf(folds.folds, 'fold')} of the training period: ${showSpan(folds.trainMs)} for training, ` +
    `${folds.delayMs === 0 ? '' : `${showSpan(folds.delayMs)} until labels are known, `}${showSpan(folds.testMs)} to be measured on by ${nameOf(objective)}` +
    `${k === undefined ? '' : ` at ${formatCount(k)}`}. The test of this report was not used.`
  if (current === undefined) return `${how} The previous choice could not be evaluated.`
  if (winner.trial === 0) return `${how} No trial was better than the previous choice.`
  const better = winner.folds.map((value, i) => (value - current.folds[i]) * (objective === 'log-loss' ? -1 : 1))
  const won = better.filter((gain) => gain > 0).length
  return `${how} The best was better than the previous choice on ${won} of ${formatNumberOf(better.length, 'fold')}; as the best of many trials its figure is optimistic, unlike the figures of the test.`
}

/** The winner's options beside those of the choice before. */
function comparison(tuning: TuningRecord, { trials, spaces }: SearchSummary, objective: Objective): Markup {
  const ranked = rankTrials(trials, objective)
  const [best] = ranked
  if (best.trial === 0) return nothing
  const current = trials[0].model
  const names = [...new Set(spaces.flatMap(({ dimensions }) => dimensions.map(({ name }) => name)))]
  const rows = ['learner', ...names].flatMap((name) => {
    const [now, before] = [best.model, current].map((model) =>
      name === 'learner' ? nameLearners(model) : optionOf(model, name),
    )
    if (now === undefined && before === undefined) return []
    const show = (value: unknown) => (value === undefined ? '–' : showOption(value))
    const isChanged = JSON.stringify(now) !== JSON.stringify(before)
    return html`<tr${isChanged ? html` class="chosen"` : nothing}><th scope="row">${name}</th><td>${show(before)}</td><td>${show(now)}</td></tr>
`
  })
  const before = tuning.current === undefined ? '–' : showMean(tuning.current)
  return html`<div class="card"><h3>The winner and the previous choice</h3>
<p>Differences are marked.</p>
<div class="scroll"><table><thead><tr><th scope="col">Option</th><th scope="col">Trial 0</th><th scope="col">Trial ${formatCount(best.trial)}</th></tr></thead>
<tbody>${rows}</tbody><tbody class="total"><tr><th scope="row">${nameOf(objective)}</th><td>${before}</td><td>${showMean(best)}</td></tr></tbody></table></div></div>
`
}

const mostListed = 10

function topTable({ trials, spaces }: SearchSummary, objective: Objective): Markup {
  const rows = rankTrials(trials, objective).slice(0, mostListed)
  const told = ({ model }: MeasuredTrial) => {
    const space = spaces.find(({ learner }) => learner === model.learner)
    const options = space?.dimensions.map(({ name }) => `${name} ${showOption(optionOf(model, name))}`) ?? []
    return [nameLearners(model), ...options].join(', ')
  }
  return html`<div class="card"><h3>The best ${formatNumberOf(rows.length, 'trial')}</h3>
<p>Mean and deviation over the folds.</p>
<div class="scroll"><table><thead><tr><th scope="col">Trial</th><th scope="col">${nameOf(objective)}</th></tr></thead>
<tbody>${rows.map((row) => html`<tr><th scope="row">${formatCount(row.trial)} <small>${told(row)}</small></th><td>${showMean(row)}</td></tr>`)}</tbody></table></div></div>
`
}
