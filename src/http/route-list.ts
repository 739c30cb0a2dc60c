import type { AccessContext, ApprovalContext, DecidingContext, JobContext, ModelContext, Route } from './route.ts'
import { addModel } from './routes/add-model.ts'
import { alerts, putAlerts } from './routes/alerts.ts'
import { approveChange, changeProposal, changeProposals, rejectChange, withdrawChange } from './routes/approvals.ts'
import { audit } from './routes/audit.ts'
import { backtest, backtestReport, startBacktest } from './routes/backtests.ts'
import {
  assignCase,
  claimCase,
  claimNextCase,
  escalateCase,
  linkCase,
  mergeCase,
  noteCase,
  openCase,
  releaseCase,
  snoozeCase,
  undoCase,
  verdictCase,
  verdictCases,
} from './routes/case-actions.ts'
import { caseDetail, caseFigures, caseList } from './routes/cases.ts'
import { changeEntries } from './routes/change-entries.ts'
import { changePolicy } from './routes/change-policy.ts'
import { checkChange } from './routes/check-change.ts'
import { checkRule } from './routes/check-rule.ts'
import { consoleFiles, consolePage } from './routes/console-page.ts'
import { decide } from './routes/decide.ts'
import { decideBatch } from './routes/decide-batch.ts'
import { decision } from './routes/decision.ts'
import { decisions } from './routes/decisions.ts'
import { deployModel } from './routes/deploy-model.ts'
import { detector } from './routes/detector.ts'
import { drift, ruleRates } from './routes/drift.ts'
import { erase } from './routes/erasures.ts'
import { events } from './routes/events.ts'
import { explanation } from './routes/explanation.ts'
import { fourEyes, setFourEyes } from './routes/four-eyes.ts'
import { health } from './routes/health.ts'
import { home } from './routes/home.ts'
import { jobEvents } from './routes/job-events.ts'
import { jobFigures, jobReport } from './routes/job-report.ts'
import { cancelJob, job, jobList } from './routes/jobs.ts'
import { key } from './routes/key.ts'
import { label } from './routes/labels.ts'
import { listEntries } from './routes/list-entries.ts'
import { listList } from './routes/lists.ts'
import { metrics } from './routes/metrics.ts'
import { model, modelList, modelVersions } from './routes/models.ts'
import { beginOidc, finishOidc, loginWays } from './routes/oidc.ts'
import { openapi } from './routes/openapi.ts'
import { performance } from './routes/performance.ts'
import { policy } from './routes/policy.ts'
import { policyNames } from './routes/policy-names.ts'
import { policyVersions } from './routes/policy-versions.ts'
import { predict, predictWithoutSlash } from './routes/predict.ts'
import { predictBatch } from './routes/predict-batch.ts'
import { putList } from './routes/put-list.ts'
import { putPolicy } from './routes/put-policy.ts'
import { putRule } from './routes/put-rule.ts'
import { readiness } from './routes/readiness.ts'
import { removeList } from './routes/remove-list.ts'
import { removeModel } from './routes/remove-model.ts'
import { removeRule } from './routes/remove-rule.ts'
import { report } from './routes/report.ts'
import { resetFuse } from './routes/reset-fuse.ts'
import { rollbackModels } from './routes/rollback-models.ts'
import { rollbackPolicy } from './routes/rollback-policy.ts'
import { ruleFigures } from './routes/rule-figures.ts'
import { switchRule } from './routes/rule-state.ts'
import { rule, ruleList } from './routes/rules.ts'
import { searchDecisions } from './routes/search.ts'
import { changePassword, logIn, logOut, whoAmI } from './routes/sessions.ts'
import { snoozeRule } from './routes/snooze-rule.ts'
import { startJob } from './routes/start-job.ts'
import { status } from './routes/status.ts'
import { changeUser, createUser, userList } from './routes/users.ts'
import { webhookDead, webhookList, webhookReplay } from './routes/webhooks.ts'

/** What every service has, beside the docs. */
export const routes: readonly Route[] = [
  predict,
  predictWithoutSlash,
  predictBatch,
  health,
  readiness,
  status,
  metrics,
  openapi,
  home,
  consolePage,
  consoleFiles,
  report,
]

/** What a service that decides has, too. */
export const decidingRoutes: readonly Route<DecidingContext>[] = [
  decide,
  decideBatch,
  decision,
  explanation,
  decisions,
  searchDecisions,
  key,
  events,
  label,
  erase,
  detector,
  caseList,
  openCase,
  caseFigures,
  claimNextCase,
  verdictCases,
  caseDetail,
  claimCase,
  releaseCase,
  verdictCase,
  undoCase,
  noteCase,
  snoozeCase,
  assignCase,
  escalateCase,
  linkCase,
  mergeCase,
  putRule,
  ruleList,
  rule,
  ruleFigures,
  switchRule,
  removeRule,
  snoozeRule,
  checkRule,
  policy,
  putPolicy,
  policyNames,
  policyVersions,
  rollbackPolicy,
  resetFuse,
  changePolicy,
  checkChange,
  listList,
  putList,
  removeList,
  listEntries,
  changeEntries,
  drift,
  performance,
  ruleRates,
  alerts,
  putAlerts,
  webhookList,
  webhookDead,
  webhookReplay,
]

/** What a service that has a data directory to itself has, too. */
export const jobRoutes: readonly Route<JobContext>[] = [
  startJob,
  jobList,
  job,
  jobEvents,
  jobFigures,
  jobReport,
  cancelJob,
  startBacktest,
  backtest,
  backtestReport,
]

/** What a service that people can log in to has, too. */
export const accessRoutes: readonly Route<AccessContext>[] = [
  logIn,
  whoAmI,
  logOut,
  changePassword,
  loginWays,
  beginOidc,
  finishOidc,
  userList,
  createUser,
  changeUser,
  fourEyes,
  setFourEyes,
  audit,
]

/** What a service has, too, whose changes somebody may have to let through. */
export const approvalRoutes: readonly Route<ApprovalContext>[] = [
  changeProposals,
  changeProposal,
  approveChange,
  rejectChange,
  withdrawChange,
]

/** What a service that keeps models has, too. */
export const modelRoutes: readonly Route<ModelContext>[] = [
  modelList,
  addModel,
  modelVersions,
  rollbackModels,
  model,
  removeModel,
  deployModel,
]
