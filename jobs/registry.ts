import type { Tx } from '../db/database.ts'
import type { Failure, RunKind } from '../db/schema/runs.ts'
import {
  clusterKeywordsJob,
  connectGscJob,
  discoverWordPressJob,
  examineWordPressJob,
  generateContentJob,
  generateIdeasJob,
  generateImagesJob,
  importGscJob,
  linkWordPressJob,
  probeWordPressJob,
  publishJob,
  testConnectionJob,
  testImageJob,
  unlinkWordPressJob,
  unpublishJob,
  verifyPostJob,
} from '../server/runs/job-contracts.ts'
import type { JobContract } from '../server/runs/queue.ts'
import { connectGsc } from './handlers/integrations/connect-gsc.ts'
import { testConnection } from './handlers/integrations/test-connection.ts'
import { testImage } from './handlers/integrations/test-image.ts'
import { generateImages } from './handlers/media/generate-images.ts'
import { clusterKeywords } from './handlers/planner/cluster-keywords.ts'
import { generateIdeas } from './handlers/planner/generate-ideas.ts'
import { importGsc } from './handlers/planner/import-gsc.ts'
import { discoverWordPress } from './handlers/publishing/discover-wordpress.ts'
import { examineWordPress } from './handlers/publishing/examine-wordpress.ts'
import { giveUpPublishing } from './handlers/publishing/give-up-publishing.ts'
import { linkWordPress } from './handlers/publishing/link-wordpress.ts'
import { probeWordPress } from './handlers/publishing/probe-wordpress.ts'
import { publish } from './handlers/publishing/publish.ts'
import { unlinkWordPress } from './handlers/publishing/unlink-wordpress.ts'
import { unpublish } from './handlers/publishing/unpublish.ts'
import { verifyPost } from './handlers/publishing/verify-post.ts'
import { generateContent } from './handlers/writer/generate-content.ts'
import { markTaskFailed } from './handlers/writer/mark-task-failed.ts'
import type { Step, StepHandler } from './steps/step.ts'

type Registered = {
  contract: JobContract
  handler: StepHandler
  /** What happens to a step that killed too many workers; by default it fails. */
  giveUp?: StepHandler
  /** What a final failure writes in addition to the step. */
  onFailure?: (tx: Tx, step: Step, failure: Failure) => Promise<void>
}

/** Every kind of step with its contract and handler. A missing kind does not compile. */
export const registry: Record<RunKind, Registered> = {
  cluster_keywords: { contract: clusterKeywordsJob, handler: clusterKeywords },
  generate_ideas: { contract: generateIdeasJob, handler: generateIdeas },
  generate_content: {
    contract: generateContentJob,
    handler: generateContent,
    onFailure: markTaskFailed,
  },
  generate_images: {
    contract: generateImagesJob,
    handler: generateImages,
    onFailure: markTaskFailed,
  },
  publish: {
    contract: publishJob,
    handler: publish,
    giveUp: giveUpPublishing,
    onFailure: markTaskFailed,
  },
  verify_post: { contract: verifyPostJob, handler: verifyPost },
  unpublish: { contract: unpublishJob, handler: unpublish, onFailure: markTaskFailed },
  discover_wordpress: { contract: discoverWordPressJob, handler: discoverWordPress },
  test_connection: { contract: testConnectionJob, handler: testConnection },
  test_image: { contract: testImageJob, handler: testImage },
  connect_gsc: { contract: connectGscJob, handler: connectGsc },
  import_gsc: { contract: importGscJob, handler: importGsc },
  link_wordpress: { contract: linkWordPressJob, handler: linkWordPress },
  examine_wordpress: { contract: examineWordPressJob, handler: examineWordPress },
  probe_wordpress: { contract: probeWordPressJob, handler: probeWordPress },
  unlink_wordpress: { contract: unlinkWordPressJob, handler: unlinkWordPress },
}

export const contracts = Object.fromEntries(
  Object.entries(registry).map(([kind, { contract }]) => [kind, contract]),
) as Record<RunKind, JobContract>

export function failureOf(step: Step, failure: Failure): ((tx: Tx) => Promise<void>) | undefined {
  const { onFailure } = registry[step.kind]
  return onFailure && ((tx) => onFailure(tx, step, failure))
}
