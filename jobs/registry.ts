import type { Failure, RunKind } from '../db/schema/runs.ts'
import type { Tx } from '../db/tenancy.ts'
import { clusterKeywordsJob, generateIdeasJob, importGscJob } from '../server/planner/jobs.ts'
import {
  discoverWordPressJob,
  examineWordPressJob,
  linkWordPressJob,
  probeWordPressJob,
  publishJob,
  unlinkWordPressJob,
  unpublishJob,
  verifyPostJob,
} from '../server/publishing/jobs.ts'
import type { JobContract } from '../server/queue.ts'
import { connectGscJob, testConnectionJob, testImageJob } from '../server/system/jobs.ts'
import { generateContentJob, generateImagesJob } from '../server/writer/jobs.ts'
import { connectGsc } from './google/connect-gsc.ts'
import { generateImages } from './images/generate-images.ts'
import { clusterKeywords } from './planner/cluster-keywords.ts'
import { generateIdeas } from './planner/generate-ideas.ts'
import { importGsc } from './planner/import-gsc.ts'
import { discoverWordPress } from './publishing/discover-wordpress.ts'
import { examineWordPress } from './publishing/examine-wordpress.ts'
import { giveUpPublishing } from './publishing/give-up-publishing.ts'
import { linkWordPress } from './publishing/link-wordpress.ts'
import { probeWordPress } from './publishing/probe-wordpress.ts'
import { publish } from './publishing/publish.ts'
import { unlinkWordPress } from './publishing/unlink-wordpress.ts'
import { unpublish } from './publishing/unpublish.ts'
import { verifyPost } from './publishing/verify-post.ts'
import type { Step, StepHandler } from './step.ts'
import { testConnection } from './system/test-connection.ts'
import { testImage } from './system/test-image.ts'
import { generateContent } from './writer/generate-content.ts'
import { markTaskFailed } from './writer/mark-task-failed.ts'

type Registered = {
  contract: JobContract
  handler: StepHandler
  /** What becomes of a step on which too many workers died; by default it has failed. */
  giveUp?: StepHandler
  /** What a final failure writes beside the step itself. */
  onFailure?: (tx: Tx, step: Step, failure: Failure) => Promise<void>
}

/** Every kind of step, its contract and its handler; one that is missing does not compile. */
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
