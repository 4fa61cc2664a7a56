import { request } from '../helpers/client.ts'
import type { Belongings } from './belongings.ts'
import { BODIES } from './request-bodies.ts'

export type Operation = {
  method: string
  path: string
  role: 'public' | 'viewer' | 'editor' | 'admin' | 'owner' | 'staff'
  hasBody: boolean
  description: string
}

/** Every operation that the service describes. */
export async function readOperations(url: string): Promise<Operation[]> {
  type Described = { 'x-role': Operation['role']; description: string; requestBody?: object }
  const { body } = await request<{ paths: Record<string, Record<string, Described>> }>(
    url,
    'GET',
    'openapi.json',
  )
  return Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      method: method.toUpperCase(),
      path: path.replace('/api/v1/', ''),
      role: described['x-role'],
      hasBody: described.requestBody !== undefined,
      description: described.description,
    })),
  )
}

export const named = ({ method, path }: Operation) => `${method} ${path}`

export const bodyFor = (operation: Operation, belongings: Belongings) =>
  operation.hasBody ? BODIES[named(operation)]?.(belongings) : undefined
