import type { Tx } from '../db/database.ts'
import type { Failure, RunKind } from '../db/schema/runs.ts'
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
  handler: StepHandler
  /** What happens to a step that killed too many workers; by default it fails. */
  giveUp?: StepHandler
  /** What a final failure writes in addition to the step. */
  onFailure?: (tx: Tx, step: Step, failure: Failure) => Promise<void>
}

/** The handler of each kind of step. A missing kind does not compile. */
export const registry: Record<RunKind, Registered> = {
  cluster_keywords: { handler: clusterKeywords },
  generate_ideas: { handler: generateIdeas },
  generate_content: {
    handler: generateContent,
    onFailure: markTaskFailed,
  },
  generate_images: {
    handler: generateImages,
    onFailure: markTaskFailed,
  },
  publish: {
    handler: publish,
    giveUp: giveUpPublishing,
    onFailure: markTaskFailed,
  },
  verify_post: { handler: verifyPost },
  unpublish: { handler: unpublish, onFailure: markTaskFailed },
  discover_wordpress: { handler: discoverWordPress },
  test_connection: { handler: testConnection },
  test_image: { handler: testImage },
  connect_gsc: { handler: connectGsc },
  import_gsc: { handler: importGsc },
  link_wordpress: { handler: linkWordPress },
  examine_wordpress: { handler: examineWordPress },
  probe_wordpress: { handler: probeWordPress },
  unlink_wordpress: { handler: unlinkWordPress },
}

export function onFailureOf(step: Step, failure: Failure): ((tx: Tx) => Promise<void>) | undefined {
  const { onFailure } = registry[step.kind]
  return onFailure && ((tx) => onFailure(tx, step, failure))
}
