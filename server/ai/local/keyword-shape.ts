/** How a searcher put it, which decides what kind of article answers it. */
export type KeywordShape = 'comparison' | 'how_to' | 'question' | 'cost' | 'list' | 'plan' | 'topic'

const QUESTION = /^(what|why|when|where|which|who|how|is|are|can|does|do|should|will)\b/i
const ACTION =
  /^(clean|install|fix|repair|remove|grow|make|build|use|choose|find|start|set up|learn|train|train for|write|plan|cook|improve|stop|store|replace|buy|sell|prepare|create|design|organize|organise|paint|save|reduce|get rid of)\s/i

/** Deterministic, by its English wording; what is not recognised is a topic. */
export function shapeOf(keyword: string): KeywordShape {
  if (/\s(vs\.?|versus)\s/i.test(keyword)) return 'comparison'
  if (/^how to\s/i.test(keyword) || ACTION.test(keyword)) return 'how_to'
  if (QUESTION.test(keyword) && keyword.includes(' ')) return 'question'
  if (/\b(cost|costs|price|prices|pricing|budget|rates|fees)\b/i.test(keyword)) return 'cost'
  if (/^(best|top)\s/i.test(keyword) || /\b(ideas|tips|examples|recipes)$/i.test(keyword))
    return 'list'
  if (/\b(checklist|template|plan|schedule|planner|timeline)\b/i.test(keyword)) return 'plan'
  return 'topic'
}
