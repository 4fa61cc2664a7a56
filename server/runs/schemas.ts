import { z } from '@hono/zod-openapi'
import { queryId } from '../http/schemas.ts'

export const RunParam = z.object({ task_id: queryId })
